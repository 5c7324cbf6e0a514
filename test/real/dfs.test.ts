import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../lab/program.ts';
import { at, listAt, textAt } from '../../src/lib/json.ts';
import { configFile, configFolder } from '../../src/plan/container.ts';
import type { Cluster } from '../support/cluster.ts';
import { clusterWith, examples, type Example } from '../support/examples.ts';
import { identityOf } from '../support/server.ts';
import { readYaml } from '../support/yaml.ts';
import { canNameHosts, hasOwnNetwork, startDfs } from './support/dfs-process.ts';
import { hasPostgres, startPostgres, type Database, type Postgres } from './support/postgres.ts';
import { renderedOf, type Rendered } from './support/rendered.ts';
import { writeSecret } from './support/secrets.ts';
import { goVersion, tool } from '../../lab/tools.ts';

const run = promisify(execFile);
const can = (await goVersion()) !== undefined && hasOwnNetwork('the real dfs is not tested');
const leftOut = 'the examples with a PostgreSQL are not booted';
const canConnect = can && hasPostgres(leftOut) && canNameHosts(leftOut);

/** Milliseconds until a port has to be open once the server is ready. */
const OPEN = 15_000;

let dfs: string;

/** The cluster of an example, once everything that it uses is there. */
function bringUp(example: Example): Cluster {
  const cluster = clusterWith(example);
  const { namespace } = identityOf(cluster.xr());
  for (const volume of listAt(example.manifest, 'spec', 'extraVolumes')) {
    const name = textAt(volume, 'configMap', 'name');
    const data = listAt(volume, 'configMap', 'items').map((item) => [textAt(item, 'key') ?? '', ''] as const);
    const metadata = { name, namespace };
    if (name !== undefined)
      cluster.api.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: Object.fromEntries(data) });
  }
  cluster.bringUp();
  return cluster;
}

/** The database that a server looks for, at the port of every PostgreSQL; undefined where it looks for none. */
function wantedDatabase({ env, volumes }: Rendered): (Database & { readonly host: string }) | undefined {
  const config = readYaml(volumes[configFolder]?.[configFile] ?? '');
  if (textAt(config, 'database', 'type') !== 'postgres') return undefined;
  const field = (name: string): string =>
    env[`DITTOFS_DATABASE_POSTGRES_${name.toUpperCase()}`] ?? textAt(config, 'database', 'postgres', name) ?? '';
  return { host: field('host'), name: field('database'), user: field('user'), password: field('password') };
}

/** Puts the authority of a database into the Secret that the pod mounts it from, where it does. */
function trust(cluster: Cluster, name: string, ca: string): void {
  const volumes = listAt(cluster.live('StatefulSet', name), 'spec', 'template', 'spec', 'volumes');
  const volume = volumes.find((candidate) => textAt(candidate, 'name') === 'database-ca');
  const secret = textAt(volume, 'secret', 'secretName');
  if (secret === undefined) return;
  writeSecret(cluster, secret, { [textAt(volume, 'secret', 'items', 0, 'key') ?? '']: ca });
  cluster.bringUp();
}

/** Starts the PostgreSQL that an example says it has, if it does; a cluster of Percona's owns its databases itself. */
async function startDatabase(cluster: Cluster, name: string): Promise<Postgres | undefined> {
  const wanted = wantedDatabase(renderedOf(cluster, name));
  if (wanted === undefined) return undefined;
  const postgres = await startPostgres({ names: [wanted.host], port: 5432 });
  const owned = at(cluster.xr(), 'spec', 'percona', 'enabled') !== true;
  await postgres.createDatabase(wanted.name, { ...wanted, owned, withUserSchema: !owned });
  trust(cluster, name, postgres.ca);
  return postgres;
}

/** Ports on which the pod has to listen, because a Service points there. */
function servedPorts(cluster: Cluster, name: string, { ports }: Rendered): readonly number[] {
  const services = [cluster.live('Service', `${name}-file`), cluster.live('Service', `${name}-api`)];
  return services.flatMap((service) =>
    listAt(service, 'spec', 'ports').map((port) => ports[textAt(port, 'targetPort') ?? ''] ?? 0),
  );
}

async function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}

describe.skipIf(!can)('the real dfs', () => {
  beforeAll(async () => {
    dfs = await tool('dfs');
  });

  it.for(examples.map((example) => [example.name, example] as const))(
    'boots with what examples/%s.yaml becomes',
    async ([, example], { skip }) => {
      const cluster = bringUp(example);
      const { name } = identityOf(cluster.xr());
      skip(wantedDatabase(renderedOf(cluster, name)) !== undefined && !canConnect);
      await using postgres = await startDatabase(cluster, name);
      const rendered = renderedOf(cluster, name);
      const ports = servedPorts(cluster, name, rendered);
      expect(ports).not.toContain(0);

      await using server = startDfs({ dfs, ...rendered, ...(postgres && { hosts: postgres.hosts }) });
      expect(await server.ready(), server.output()).toBe(true);
      expect(server.output()).not.toContain('unknown keys');
      for (const port of ports) expect(await eventually(async () => listens(port), OPEN), `port ${port}`).toBe(true);
      expect(await server.login(rendered.env.DITTOFS_ADMIN_INITIAL_PASSWORD ?? '')).toBe(200);
      const asked = Date.now();
      expect(await server.stop(), server.output()).toBe(0);
      expect(Date.now() - asked).toBeLessThan(rendered.grace * 1000);
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
    const config = renderedOf(cluster, 'odd').volumes[configFolder]?.[configFile] ?? '';
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
