import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeBase64 } from '../../src/lib/hash.ts';
import { listAt, numberAt, textAt, textsAt, type JsonObject } from '../../src/lib/json.ts';
import { clusterWith, examples, type Example } from '../support/examples.ts';
import { firstContainer } from '../support/api-server.ts';
import type { Boot, Probe } from './support/dfs-probe.ts';
import { goVersion, tool } from './support/tools.ts';

const run = promisify(execFile);
const go = await goVersion();

/** Whether a program of Debian's packages iproute2 and util-linux can make a network of its own. */
function canIsolate(): boolean {
  try {
    execFileSync('unshare', [...isolation, 'ip', 'link', 'set', 'lo', 'up']);
    return true;
  } catch (error) {
    if (process.env.CI === 'true') throw new Error('CI needs unshare and ip', { cause: error });
    return false;
  }
}

/** The server's ports are fixed and on all addresses: so it runs in a network namespace of its own. */
const isolation = process.getuid?.() === 0 ? ['--net'] : ['--net', '--map-root-user'];

let dfs: string;

/** The environment of the container, with what its Secrets hold. */
function environment(
  container: JsonObject | undefined,
  secret: (name: string) => JsonObject | undefined,
): Record<string, string> {
  return Object.fromEntries(
    listAt(container, 'env').map((entry) => {
      const ref = textAt(entry, 'valueFrom', 'secretKeyRef', 'name');
      const key = textAt(entry, 'valueFrom', 'secretKeyRef', 'key') ?? '';
      const data = ref === undefined ? {} : textsAt(secret(ref), 'data');
      return [textAt(entry, 'name') ?? '', textAt(entry, 'value') ?? decodeBase64(data[key] ?? '')];
    }),
  );
}

/** What the cluster would start the server with, once everything that it uses is there. */
function bootOf(example: Example): Boot & { readonly grace: number } {
  const cluster = clusterWith(example);
  cluster.bringUp();
  const name = textAt(example.manifest, 'metadata', 'name') ?? '';
  const server = cluster.live('StatefulSet', name);
  const container = firstContainer(server);
  const env = environment(container, (secret) => cluster.live('Secret', secret));
  const containerPorts = new Map(
    listAt(container, 'ports').map((port) => [textAt(port, 'name'), numberAt(port, 'containerPort') ?? 0]),
  );
  const services = [cluster.live('Service', `${name}-file`), cluster.live('Service', `${name}-api`)];
  const ports = services.flatMap((service) =>
    listAt(service, 'spec', 'ports').map((port) => containerPorts.get(textAt(port, 'targetPort')) ?? 0),
  );
  return {
    dfs,
    config: textAt(cluster.live('ConfigMap', `${name}-config`), 'data', 'config.yaml') ?? '',
    env,
    ports,
    apiPort: containerPorts.get('api') ?? 0,
    adminPassword: env.DITTOFS_ADMIN_INITIAL_PASSWORD ?? '',
    grace: numberAt(server, 'spec', 'template', 'spec', 'terminationGracePeriodSeconds') ?? 0,
  };
}

async function probe(boot: Boot): Promise<Probe> {
  const script = join(import.meta.dirname, 'support', 'dfs-probe.ts');
  const child = spawn('unshare', [...isolation, process.execPath, script], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...(process.getuid?.() !== 0 && { DFS_KEEP_USER: '1' }) },
  });
  child.stdin.end(JSON.stringify(boot));
  return JSON.parse(await text(child.stdout)) as Probe;
}

describe.skipIf(go === undefined || !canIsolate())('the real dfs', () => {
  beforeAll(async () => {
    dfs = await tool('dfs');
  }, 600_000);

  it.each(examples.map((example) => [example.name, example] as const))(
    'boots with what examples/%s.yaml becomes',
    async (_name, example) => {
      const boot = bootOf(example);
      const seen = await probe(boot);
      expect(seen.ready, seen.output).toBe(true);
      expect(seen.output).not.toContain('unknown keys');
      expect(boot.ports).not.toContain(0);
      expect(seen.listening).toEqual(boot.ports);
      expect(seen.loginStatus).toBe(200);
      expect(seen.exitCode).toBe(0);
      expect(seen.stoppedAfter).toBeLessThan(boot.grace * 1000);
    },
  );

  it('reads as text what YAML would take for numbers, dates and truth', async () => {
    const odd = { email: '0777', username: '1_000' };
    const ldap = { base_dn: 'yes', realm: '2001-01-01', user_attr: '0x1f', bind_dn: 'null', url: '1e3' };
    const cluster = clusterWith({
      name: 'odd',
      text: '',
      manifest: {
        apiVersion: 'dittofs.dittofs.com/v1alpha1',
        kind: 'DittoServer',
        metadata: { name: 'odd', namespace: 'default' },
        spec: { extraConfig: { admin: odd, ldap } },
      },
    });
    cluster.bringUp();
    const config = textAt(cluster.live('ConfigMap', 'odd-config'), 'data', 'config.yaml') ?? '';
    const folder = mkdtempSync(join(tmpdir(), 'function-dittofs-odd-'));
    try {
      writeFileSync(join(folder, 'config.yaml'), config);
      const { stdout } = await run(dfs, ['config', 'show', '-o', 'json', '--config', join(folder, 'config.yaml')]);
      const shown = JSON.stringify(JSON.parse(stdout.slice(stdout.indexOf('{'))));
      for (const value of [...Object.values(odd), ...Object.values(ldap)])
        expect(shown).toContain(JSON.stringify(value));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
