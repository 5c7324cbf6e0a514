import type * as z from 'zod';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { DOTS } from './fields.ts';
import { reservedConfig, reservedFolders } from './reserved.ts';
import { pattern, type Rule } from './rule.ts';

const folderList = `[${reservedFolders.map((folder) => `'${folder}'`).join(', ')}]`;

/** Tells whether two folders are the same or one lies in the other. */
function overlap(one: string, other: string): boolean {
  return `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`);
}

const mountPath = pattern('^(/[^/:]+)+$');

/** A mount path is absolute, and may not hide, or lie in, a folder in which the server keeps its own files. */
export const mountPathRules: readonly Rule<string>[] = [
  {
    cel: `${mountPath.cel()} && !${DOTS.cel()}`,
    says: 'is not an absolute path such as "/mnt/certs"',
    holds: (path) => mountPath.test(path) && !DOTS.test(path),
  },
  {
    cel: `!${mountPath.cel()} || ${DOTS.cel()} || !${folderList}.exists(f, (self + '/').startsWith(f + '/') || (f + '/').startsWith(self + '/'))`,
    says: `hides a folder that the server needs for itself, or lies in one: ${reservedFolders.join(', ')}`,
    holds: (path) => !reservedFolders.some((folder) => overlap(path, folder)),
  },
];

/** Every extra mount names an extra volume; the server's own are mounted where it looks for them. */
export function checkMounts(spec: NamedMounts, ctx: z.core.$RefinementCtx): void {
  const known = new Set<unknown>(spec.extraVolumes?.map(({ name }) => name));
  spec.extraVolumeMounts?.forEach(({ name }, index) => {
    if (known.has(name)) return;
    ctx.addIssue({
      code: 'custom',
      path: ['extraVolumeMounts', index, 'name'],
      message: 'is not a volume of spec.extraVolumes',
    });
  });
}

interface NamedMounts {
  readonly extraVolumes?: readonly JsonObject[] | undefined;
  readonly extraVolumeMounts?: readonly JsonObject[] | undefined;
}

/** Every key of a nested object with the way to it; the dots inside a key count as levels, as they do for the server. */
function* keysOf(object: JsonObject, above: readonly string[] = []): Generator<[path: readonly string[], value: Json]> {
  for (const [key, value] of Object.entries(object)) {
    if (value === undefined) continue;
    const path = [...above, key];
    yield [path, value];
    if (isObject(value)) yield* keysOf(value, path);
  }
}

/**
 * Refuses keys of `extraConfig` that the plan owns or that carry a secret.
 *
 * The server reads its keys in any case and takes a dot for a level, so both are folded before comparing. The values
 * are never quoted: they may be secrets.
 */
export function checkExtraConfig(config: JsonObject, ctx: z.core.$RefinementCtx): void {
  for (const [path, value] of keysOf(config)) {
    const key = path.join('.').toLowerCase();
    const owned = Object.entries(reservedConfig).find(([name]) => {
      const within = key.startsWith(`${name}.`) && path.length === 1;
      const replaces = name.startsWith(`${key}.`) && !isObject(value);
      return key === name || within || replaces;
    });
    if (owned !== undefined) {
      const message = `cannot be set in extraConfig: ${owned[1]}`;
      ctx.addIssue({ code: 'custom', path: [...path], message, params: { hideValue: true } });
    }
    if (path.some((part) => part.includes('.')) && !key.startsWith('kerberos.identity_mapping.static_map.')) {
      ctx.addIssue({
        code: 'custom',
        path: [...path],
        message: 'holds a dot: write the levels as nested objects',
        params: { hideValue: true },
      });
    }
    if (path.some((part) => part !== part.toLowerCase()) && !key.startsWith('kerberos.identity_mapping.static_map.')) {
      ctx.addIssue({
        code: 'custom',
        path: [...path],
        message: 'holds capital letters: the server’s keys are lower case',
        params: { hideValue: true },
      });
    }
  }
}
