import type { ExpectStatic } from 'vitest';
import { textAt, type JsonObject } from '../../../../src/lib/json.ts';
import { condition, holds, type Tenant } from './tenant.ts';

/** Conditions of a DittoServer that is well. */
const wellConditions = [
  'Available',
  'ConfigReady',
  'DatabaseReady',
  'EndpointReady',
  'Provisioned',
  'Ready',
  'ResourcesApplied',
  'StorageReady',
  'Synced',
];

/** A DittoServer named files, or its claim, that is well says so in all its conditions, and where clients connect. */
export function tellsItsTenant(server: JsonObject, { namespace }: Tenant, expect: ExpectStatic): void {
  for (const type of wellConditions) expect(condition(server, type), type).toMatchObject({ status: 'True' });
  expect(textAt(server, 'status', 'phase')).toBe('Running');
  expect(textAt(server, 'status', 'endpoints', 'nfs', 'host')).toBe(`files-file.${namespace}.svc`);
}

/** What is wrong is said in our words, by the API server or by the function, and the running server is left as it was. */
export async function refusesABadSpec(tenant: Tenant, name: string, expect: ExpectStatic): Promise<void> {
  const before = await tenant.snapshot();
  const shrink = tenant.patch(name, { spec: { storage: { metadataSize: '1Gi' } } });
  await expect(shrink).rejects.toThrow('is less than before: a volume can grow, never shrink');

  // The API server does not look into core types; the function does.
  await tenant.patch(name, { spec: { resources: { limits: { memory: '1 GB' } } } });
  const server = await tenant.until(name, 'refused', (one) => holds(one, 'ConfigReady', 'False'));
  expect(condition(server, 'ConfigReady')).toMatchObject({ reason: 'InvalidSpec' });
  expect(textAt(condition(server, 'ConfigReady'), 'message')).toContain('spec.resources.limits.memory');
  expect(await tenant.snapshot()).toEqual(before);
}
