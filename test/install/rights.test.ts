import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { listAt, objectAt, textAt, type JsonObject } from '../../src/lib/json.ts';
import { clusterWith, examples, flavourOf } from '../support/examples.ts';
import { texts } from '../support/json.ts';
import { only } from './kustomization.ts';

/** The verbs that provider-kubernetes needs, in the order in which they are written. */
const verbs = ['get', 'list', 'watch', 'create', 'patch', 'delete'] as const;
type Verb = (typeof verbs)[number];

/**
 * What the API server is asked for an Object: a read and a dry run of server-side apply whatever its policies are, server-side
 * apply for creation (which is checked as a patch and a creation) and for changes, and a cluster-wide informer where it is
 * watched.
 *
 * provider-kubernetes v1.2.1: internal/controller/namespaced/object, Observe, syncer.go and informers.go.
 */
function verbsFor(policies: readonly string[], watched: boolean): readonly Verb[] {
  const may = (policy: string): boolean => policies.includes('*') || policies.includes(policy);
  return [
    'get',
    'patch',
    ...(may('Create') ? (['create'] as const) : []),
    ...(may('Delete') ? (['delete'] as const) : []),
    ...(watched ? (['list', 'watch'] as const) : []),
  ];
}

/** What is needed for a kind, and by which components. */
interface Need {
  readonly kind: string;
  readonly resource: string;
  readonly verbs: Set<Verb>;
  readonly components: Set<string>;
}

function pluralOf(kind: string): string {
  const name = kind.toLowerCase();
  if (name.endsWith('s')) return `${name}es`;
  return name.endsWith('y') ? `${name.slice(0, -1)}ies` : `${name}s`;
}

/** The plural and its group, as `kubectl auth can-i` takes them, for example `statefulsets.apps`. */
function resourceOf(manifest: JsonObject): string {
  const apiVersion = textAt(manifest, 'apiVersion') ?? '';
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/')[0] ?? ''}` : '';
  return `${pluralOf(textAt(manifest, 'kind') ?? '')}${group}`;
}

/** How the documentation calls a component: those of users and shares have names that examples made up. */
function componentName(key: string): string {
  return key.replace(/^user\..*/, 'user.<name>').replace(/^(pvc?)\..*/, '$1.<share>');
}

/** What all Objects of all examples, of both flavours, need from the first reconcile to the last. */
function needs(): ReadonlyMap<string, Need> {
  const found = new Map<string, Need>();
  const add = (objects: Readonly<Record<string, JsonObject>>): void => {
    for (const [component, object] of Object.entries(objects)) {
      const manifest = objectAt(object, 'spec', 'forProvider', 'manifest') ?? {};
      const resource = resourceOf(manifest);
      const kind = textAt(manifest, 'kind') ?? '';
      const need = found.get(resource) ?? { kind, resource, verbs: new Set(), components: new Set() };
      found.set(resource, need);
      const policies = listAt(object, 'spec', 'managementPolicies').map(String);
      for (const verb of verbsFor(policies, objectAt(object, 'spec')?.watch === true)) need.verbs.add(verb);
      need.components.add(componentName(component));
    }
  };
  for (const example of examples) {
    // A claim's own fields are refused in a namespaced DittoServer; everything else may be written as either.
    const flavours = flavourOf(example) === 'claim' ? (['claim'] as const) : (['namespaced', 'claim'] as const);
    for (const flavour of flavours) {
      const cluster = clusterWith(example, flavour);
      cluster.step();
      add(cluster.objects());
      cluster.bringUp();
      add(cluster.objects());
    }
  }
  return found;
}

const ordered = (some: ReadonlySet<string>): readonly Verb[] => verbs.filter((verb) => some.has(verb));

/** The provider's own bookkeeping, for which Crossplane does not give it the right: provider-kubernetes#439. */
const bookkeeping = {
  'providerconfigusages.kubernetes.m.crossplane.io': ['delete'],
  'providerconfigusages.kubernetes.crossplane.io': ['delete'],
};

/** The ClusterRole's rights by resource, in the words of the rules. */
function granted(): Record<string, readonly string[]> {
  const rights: Record<string, readonly string[]> = {};
  for (const rule of listAt(only('ClusterRole'), 'rules')) {
    for (const group of texts(listAt(rule, 'apiGroups'))) {
      for (const plural of texts(listAt(rule, 'resources'))) {
        const resource = group === '' ? plural : `${plural}.${group}`;
        if (resource in rights) throw new Error(`two rules about ${resource}`);
        rights[resource] = texts(listAt(rule, 'verbs'));
      }
    }
  }
  return rights;
}

/** The rows of a table of docs/install.md, found by its heading, as cells without their marks. */
function documented(heading: string): readonly (readonly string[])[] {
  const lines = readFileSync(new URL('../../docs/install.md', import.meta.url), 'utf8').split('\n');
  const start = lines.findIndex((line) => line.startsWith('|') && line.includes(heading));
  if (start < 0) throw new Error(`docs/install.md has no table with ${heading}`);
  const rest = lines.slice(start + 2);
  return rest
    .slice(
      0,
      rest.findIndex((line) => !line.startsWith('|')),
    )
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.replaceAll('`', '').trim()),
    );
}

describe('the rights of provider-kubernetes', () => {
  const needed = [...needs().values()].sort((one, other) => (one.resource < other.resource ? -1 : 1));

  it('are those that composed Objects need: none is missing, none is left over', () => {
    const rights = Object.fromEntries(needed.map((need) => [need.resource, ordered(need.verbs)]));
    expect(granted()).toEqual({ ...rights, ...bookkeeping });
  });

  it('are explained in docs/install.md, each by the components that need it', () => {
    const rows = needed.map((need) => [
      need.resource,
      ordered(need.verbs).join(', '),
      [...need.components].sort().join(', '),
    ]);
    const own = Object.entries(bookkeeping).map(([resource, allowed]) => [resource, allowed.join(', ')]);
    const table = documented('Resource');
    expect(table.slice(0, rows.length)).toEqual(rows);
    expect(table.slice(rows.length).map((row) => row.slice(0, 2))).toEqual(own);
  });

  it('are asked for all that an Object may do', () => {
    expect(verbsFor(['Observe'], false)).toEqual(['get', 'patch']);
    expect(verbsFor(['Observe', 'Create'], true)).toEqual(['get', 'patch', 'create', 'list', 'watch']);
    expect([...verbsFor(['*'], true)].sort()).toEqual([...verbs].sort());
  });
});
