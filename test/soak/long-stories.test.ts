import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { listAt, textAt, type JsonObject } from '../../src/lib/json.ts';
import { auditFrom } from '../real/lab/support/audit.ts';
import { canRunLab } from '../real/lab/support/can-run.ts';
import { garbageIn } from '../real/lab/support/faults.ts';
import { callsOf, cpuOf, labOfBlock } from '../real/lab/support/start.ts';
import { dittoServer, example, newTenant, type Tenant } from '../real/lab/support/tenant.ts';

const can = await canRunLab();
const MINUTE = 60_000;

function tell(line: string): void {
  console.log(line);
}

describe.skipIf(!can)('long stories', () => {
  const lab = labOfBlock('namespaced');

  it('settled means quiet: for five minutes nothing is written, and the function is called by the ttl alone', async () => {
    const tenant = await newTenant(lab);
    await tenant.apply(example('quickstart', 'files'));
    await tenant.untilSettled('files');
    // Crossplane's circuit breaker closes with the first change that comes five minutes after it opened.
    await sleep(5 * MINUTE + 10_000);
    await tenant.kubectl('annotate', 'dittoservers.dittofs.dittofs.com', 'files', 'example.com/touched=true');
    await tenant.until('files', 'listened to', (server) => !isDeaf(server), 2 * MINUTE);
    await sleep(MINUTE);

    const everything = async (): Promise<JsonObject | undefined> =>
      tenant.get(
        'dittoservers.dittofs.dittofs.com,objects.kubernetes.m.crossplane.io,configmaps,secrets,services,statefulsets,pvc',
      );
    const versions = async (): Promise<readonly string[]> =>
      listAt(await everything(), 'items').map(
        (object) =>
          `${textAt(object, 'kind') ?? ''}/${textAt(object, 'metadata', 'name') ?? ''} ${textAt(object, 'metadata', 'resourceVersion') ?? ''}`,
      );
    const [before, calls] = [await versions(), await callsOf(lab)];
    await sleep(5 * MINUTE);
    const called = (await callsOf(lab)) - calls;
    expect(await versions()).toEqual(before);
    tell(`${called} calls for a settled DittoServer in five minutes`);
    // It is due once a minute, give or take a tenth, and asks for its Secrets first.
    expect(called).toBeLessThanOrEqual(2 * 6);
  });

  it('fifty at once: all get Ready, and leave nothing behind', async () => {
    const tenant = await newTenant(lab);
    const names = Array.from({ length: 50 }, (_, number) => `files-${number}`);
    const cpu = await cpuOf(lab);
    const begun = Date.now();
    const manifests = names.map((name) => ({
      ...dittoServer(name, { storage: { retentionPolicy: 'Delete' } }),
      metadata: { name, namespace: tenant.namespace },
    }));
    await lab.kubectl.apply(...manifests);
    await tenant.kubectl('wait', 'dittoservers.dittofs.dittofs.com', '--all', '--for=condition=Ready', '--timeout=10m');
    const seconds = ((Date.now() - begun) / 1000).toFixed(0);
    tell(`50 are Ready after ${seconds} s; the function used ${((await cpuOf(lab)) - cpu).toFixed(1)} s of CPU`);

    const deleting = Date.now();
    await tenant.kubectl('delete', 'dittoservers.dittofs.dittofs.com', '--all', '--timeout=10m');
    await expect
      .poll(async () => Object.keys(await tenant.snapshot()), { timeout: 10 * MINUTE, interval: 2000 })
      .toEqual(['ConfigMap/kube-root-ca.crt']);
    await expect
      .poll(async () => tenant.get('objects.kubernetes.m.crossplane.io'), { timeout: 10 * MINUTE, interval: 2000 })
      .toBeUndefined();
    tell(`They are gone ${((Date.now() - deleting) / 1000).toFixed(0)} s after their deletion`);
  });

  describe('the function does not answer', () => {
    let tenant: Tenant;
    beforeAll(async () => {
      tenant = await newTenant(lab);
      await tenant.apply(example('quickstart', 'files'));
      await tenant.untilSettled('files');
    });

    const silences: readonly { silence: string; lasts: (edit: () => Promise<unknown>) => Promise<void> }[] = [
      {
        silence: 'for a minute',
        lasts: async (edit) => {
          await lab.halt('function-dittofs', 'SIGKILL');
          await edit();
          await sleep(MINUTE);
          await lab.resume('function-dittofs');
        },
      },
      {
        silence: 'but garbage comes in its place',
        lasts: async (edit) => {
          await lab.halt('function-dittofs');
          await garbageIn(lab, edit);
          await lab.resume('function-dittofs');
        },
      },
    ];
    it.each(silences)('$silence: nothing is deleted, and the edit arrives', async ({ lasts }) => {
      const audit = auditFrom(lab.auditLog);
      const before = Object.keys(await tenant.snapshot());
      const image = `marmos91c/dittofs:v0.29.${Date.now()}`;
      await lasts(async () => tenant.patch('files', { spec: { image } }));
      const begun = Date.now();
      await expect
        .poll(
          async () =>
            textAt(await tenant.get('statefulset/files'), 'spec', 'template', 'spec', 'containers', 0, 'image'),
          { timeout: 10 * MINUTE, interval: 1000 },
        )
        .toBe(image);
      tell(`The edit arrived ${((Date.now() - begun) / 1000).toFixed(0)} s after the function was back`);
      await tenant.untilSettled('files');
      expect(Object.keys(await tenant.snapshot())).toEqual(before);
      const deleted = audit
        .since()
        .filter(({ verb, namespace }) => namespace === tenant.namespace && verb.includes('delete'));
      expect(deleted.filter(({ resource }) => resource !== 'pods')).toEqual([]);
    });
  });
});

/** Whether Crossplane's circuit breaker is open for it. */
function isDeaf(server: JsonObject): boolean {
  return listAt(server, 'status', 'conditions').some(
    (condition) => textAt(condition, 'type') === 'Responsive' && textAt(condition, 'status') === 'False',
  );
}
