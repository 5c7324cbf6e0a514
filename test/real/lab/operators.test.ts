import { describe, expect, it } from 'vitest';
import { startPercona } from '../../../lab/percona.ts';
import { commandsOf } from '../../../lab/shell.ts';
import { at, textAt, type Json, type JsonObject } from '../../../src/lib/json.ts';
import { canRunLab } from './support/can-run.ts';
import { definition, leftovers, operator } from './support/operator-leftovers.ts';
import { canRunPercona, secretOf, warningsOf } from './support/percona-clusters.ts';
import { labOfBlock } from './support/start.ts';
import { condition, example, holds, newTenant } from './support/tenant.ts';

const can = await canRunLab();
const canPercona = await canRunPercona();

describe.skipIf(!can)('DittoServers and operators', () => {
  const lab = labOfBlock('namespaced');

  // First, because the Configuration goes and comes again.
  it('what the DittoFS operator made is led over in place, as docs/operator.md says', async () => {
    const name = 'dittofs-sample';
    const configuration = 'configuration.pkg.crossplane.io/dittofs-configuration-dittofs';
    await lab.kubectl('delete', configuration);
    await lab.kubectl('wait', `crd/${textAt(definition, 'metadata', 'name') ?? ''}`, '--for=delete', '--timeout=2m');
    const tenant = await newTenant(lab, 'dittofs');
    await lab.kubectl.apply(definition, operator);
    await lab.kubectl('wait', '--for=condition=Established', `crd/${textAt(definition, 'metadata', 'name') ?? ''}`);
    const manifest = example('operator-manifest', name);
    await tenant.apply({ ...manifest, metadata: { name, finalizers: ['dittofs.dittofs.com/finalizer'] } });
    const uid = textAt(await tenant.server(name), 'metadata', 'uid') ?? '';
    await lab.kubectl.apply(...leftovers(name, tenant.namespace, uid));
    const kept = [
      ...['metadata', 'content', 'controlplane'].map((volume) => `pvc/${volume}-${name}-0`),
      `secret/${name}-jwt-secret`,
      `secret/${name}-admin-bootstrap-credentials`,
    ];
    const what = async (...path: readonly string[]): Promise<readonly (Json | undefined)[]> =>
      Promise.all(kept.map(async (object) => at(await tenant.get(object), ...path)));
    await expect.poll(async () => what('status', 'phase')).toEqual(['Bound', 'Bound', 'Bound', undefined, undefined]);
    const before = [await what('metadata', 'uid'), await what('data')];

    await lab.shell(commandsOf('Handing over', 0, 'operator'));
    await lab.shell(commandsOf('Handing over', 1, 'operator'));
    await lab.shell(
      commandsOf('Namespaced').replace(/^(?!crossplane xpkg install|kubectl wait (config|composite)).*$/gm, ''),
    );
    await tenant.until(name, 'running', (server) => holds(server, 'Available'));
    // Nobody else gives a load balancer its address.
    const address = JSON.stringify({ status: { loadBalancer: { ingress: [{ ip: '192.0.2.10' }] } } });
    await tenant.kubectl('patch', 'service', `${name}-file`, '--subresource=status', '--type=merge', '-p', address);
    await lab.shell(commandsOf('Handing over', 2, 'operator'));
    const server = await tenant.untilSettled(name);
    expect(textAt(server, 'metadata', 'uid')).toBe(uid);
    expect([await what('metadata', 'uid'), await what('data')]).toEqual(before);
    expect(condition(server, 'ResourcesApplied')).toMatchObject({ message: 'Every object is applied' });
    expect(condition(server, 'ConfigReady')?.message).toContain('still has the claim templates');

    await lab.shell(commandsOf('Clearing up', 0, 'operator'));
    await expect
      .poll(async () => at(await tenant.get(`statefulset/${name}`), 'spec', 'volumeClaimTemplates'))
      .toBeUndefined();
    const hasTemplates = (one: JsonObject): boolean =>
      textAt(condition(one, 'ConfigReady'), 'message')?.includes('templates') === true;
    const cleared = await tenant.until(name, 'without a note', (one) => !hasTemplates(one));
    expect(textAt(cleared, 'metadata', 'uid')).toBe(uid);

    await tenant.kubectl('delete', 'dittoserver', name, '--timeout=120s');
    await expect.poll(async () => tenant.get('objects.kubernetes.m.crossplane.io')).toBeUndefined();
    expect([await what('metadata', 'uid'), await what('data')]).toEqual(before);
  });

  it.skipIf(!canPercona)('Percona’s 2.9.0 brings up what the examples become, without a word of warning', async () => {
    await startPercona(lab);
    const bringUp = async (name: string): Promise<void> => {
      const tenant = await newTenant(lab);
      await tenant.apply(example(name, 'files'));
      await tenant.until('files', 'on its cluster', (server) => holds(server, 'DatabaseReady'));
      const server = await tenant.untilSettled('files');
      expect(await warningsOf(tenant), name).toEqual([]);
      const { host } = await secretOf(tenant, 'files-postgres-pguser-dittofs');
      expect(textAt(server, 'status', 'database', 'host')).toBe(host);
      expect(host).toBe(`files-postgres-primary.${tenant.namespace}.svc`);
    };
    await Promise.all(['percona-minimal', 'percona-production'].map(bringUp));
  });
});
