import { describe, expect, it } from 'vitest';
import { startPercona } from '../../../lab/percona.ts';
import { textAt } from '../../../src/lib/json.ts';
import { canRunPercona, secretOf, warningsOf } from './support/percona-clusters.ts';
import { labOfBlock } from './support/start.ts';
import { example, holds, newTenant } from './support/tenant.ts';

const can = await canRunPercona();

describe.skipIf(!can)('DittoServers on Percona’s own operator', () => {
  const lab = labOfBlock('namespaced');

  it('2.9.0 brings up what the examples become, without a word of warning', async () => {
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
