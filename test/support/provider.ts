import { listAt, objectAt, textAt, type JsonObject } from '../../src/lib/json.ts';
import { refOf, type ApiServer } from './api-server.ts';
import { copy, type Mutable } from './json.ts';

/** What a pass of the provider did to the live objects. */
export interface ProviderEvent {
  readonly verb: 'created' | 'updated' | 'deleted';
  readonly kind: string;
  readonly name: string;
}

/** The sets of management policies that provider-kubernetes accepts; any other is an error in its reconcile. */
export const acceptedPolicies: readonly string[] = [
  ['*'],
  ['Observe', 'Create', 'Update', 'LateInitialize', 'Delete'],
  ['Observe', 'Create', 'Update', 'LateInitialize'],
  ['Observe', 'Create', 'Update'],
  ['Observe', 'Create', 'LateInitialize'],
  ['Observe', 'Create'],
  ['Observe', 'Update', 'LateInitialize'],
  ['Observe', 'Update'],
  ['Observe', 'Create', 'Update', 'Delete'],
  ['Observe', 'Create', 'Delete', 'LateInitialize'],
  ['Observe', 'Create', 'Delete'],
  ['Observe', 'Delete'],
  ['Observe'],
  ['Observe', 'LateInitialize'],
  [],
].map((set) => [...set].sort().join());

function setCondition(object: Mutable, type: string, status: string, reason: string, message = ''): void {
  const before = objectAt(object as JsonObject, 'status') ?? {};
  const others = listAt(before, 'conditions').filter((condition) => textAt(condition, 'type') !== type);
  const condition = {
    type,
    status,
    reason,
    ...(message !== '' && { message }),
    lastTransitionTime: '2026-01-01T00:00:00Z',
  };
  const conditions = [...others, condition].sort((a, b) =>
    (textAt(a, 'type') ?? '') < (textAt(b, 'type') ?? '') ? -1 : 1,
  );
  object.status = { ...before, conditions };
}

function setLive(object: Mutable, live: JsonObject, hideSecrets: boolean): void {
  const shown = hideSecrets && live.kind === 'Secret' ? { ...live, data: { redacted: null } } : live;
  object.status = { ...objectAt(object as JsonObject, 'status'), atProvider: { manifest: shown } };
}

/**
 * One reconcile of an Object by provider-kubernetes v1.2.1 (internal/controller/namespaced/object), down to the words
 * of its errors. Returns the Object as it is afterwards; undefined once it is gone.
 */
export function reconcileObject(
  written: JsonObject,
  api: ApiServer,
  failure: string | undefined,
  hideSecrets: boolean,
  report: (event: ProviderEvent) => void,
): JsonObject | undefined {
  const object = copy(written) as Mutable;
  const asJson = object as JsonObject;
  const policies = listAt(asJson, 'spec', 'managementPolicies').map(String);
  const may = (policy: string): boolean => policies.includes('*') || policies.includes(policy);
  const manifest = objectAt(asJson, 'spec', 'forProvider', 'manifest') ?? {};
  const manager = `provider-kubernetes/${textAt(asJson, 'metadata', 'name') ?? ''}`;
  const ref = refOf(manifest);
  const deleting = textAt(asJson, 'metadata', 'deletionTimestamp') !== undefined;
  const fail = (message: string): JsonObject => {
    setCondition(object, 'Synced', 'False', 'ReconcileError', message);
    return asJson;
  };
  const succeed = (): JsonObject => {
    setCondition(object, 'Synced', 'True', 'ReconcileSuccess');
    return asJson;
  };

  if (!acceptedPolicies.includes([...policies].sort().join())) return fail('management policies not supported');
  if (policies.length === 0) {
    setCondition(object, 'Synced', 'False', 'ReconcilePaused', 'Reconciliation is paused via the pause annotation');
    return asJson;
  }
  // Without the right to delete, neither connecting nor observing is tried: the live object is left behind.
  if (deleting && !may('Delete')) return undefined;
  if (failure !== undefined) return fail(failure);

  const live = api.get(ref);
  if (live === undefined) {
    if (deleting) return undefined;
    if (policies.join() === 'Observe') return fail('observe failed: external resource does not exist');
    if (!may('Create')) {
      if (!may('Update')) return succeed();
      // crossplane-runtime goes on to the update, and a server-side apply of what is not there makes it.
      const remade = api.apply(manager, manifest);
      if (!remade.ok) return fail(`update failed: cannot apply object: ${remade.refusal}`);
      report({ verb: 'created', ...ref });
      setLive(object, remade.object, hideSecrets);
      return succeed();
    }
    const created = api.apply(manager, manifest);
    if (!created.ok) return fail(`create failed: cannot create object: cannot create object: ${created.refusal}`);
    report({ verb: 'created', ...ref });
    setLive(object, created.object, hideSecrets);
    setCondition(object, 'Ready', 'False', 'Creating');
    return succeed();
  }

  setLive(object, live, hideSecrets);
  const tried = api.apply(manager, manifest, true);
  if (!tried.ok) return fail(`observe failed: cannot get desired state: cannot dry run SSA: ${tried.refusal}`);
  if (deleting) {
    const wasMarked = textAt(live, 'metadata', 'deletionTimestamp') !== undefined;
    api.remove(ref);
    const left = api.get(ref);
    if (!wasMarked) report({ verb: 'deleted', ...ref });
    if (left === undefined) return undefined;
    // What is in use goes later; until then the Object stays, too.
    setLive(object, left, hideSecrets);
    setCondition(object, 'Ready', 'False', 'Deleting');
    return succeed();
  }
  setCondition(object, 'Ready', 'True', 'Available');
  if (tried.changed && may('Update')) {
    const updated = api.apply(manager, manifest);
    if (!updated.ok) return fail(`update failed: cannot apply object: ${updated.refusal}`);
    report({ verb: 'updated', ...ref });
    setLive(object, updated.object, hideSecrets);
  }
  return succeed();
}
