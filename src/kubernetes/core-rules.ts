import { closest } from '../lib/closest.ts';
import { at, listAt, numberAt, objectAt, textAt, textsAt, type JsonObject, type Path } from '../lib/json.ts';
import { compareQuantities, readQuantity } from '../lib/quantity.ts';
import type { TypeName } from './core-types.gen.ts';
import { isDns1123Label, isLabelValue, isQualifiedName } from './syntax.ts';

/** One thing in a passed-through Kubernetes object that kube-apiserver would refuse, or silently drop. */
export interface SchemaProblem {
  /** The way to it, from the object that was checked. */
  readonly path: Path;
  /** What to quote before the message; undefined where the message stands by itself (`is required`). */
  readonly value: unknown;
  /** What is wrong and, where that helps, what would be right: `is not a quantity such as "10Gi"`. */
  readonly message: string;
}

/** One rule about an object whose fields are all known and present; a field of the wrong type is not its business. */
type CoreRule = (object: JsonObject) => readonly SchemaProblem[];

/** The largest id that containers take; Kubernetes checks it although the fields are 64 bits wide. */
const largestId = 2 ** 31 - 1;

const ids = ['runAsUser', 'runAsGroup', 'fsGroup'].map((field) => range(field, 0, largestId));

/**
 * What kube-apiserver refuses beyond the types, as far as a slip makes it likely; not all that it refuses.
 *
 * A refused object would block every later update, and with provider-kubernetes the deletion, of the same Object.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/v1.33.13/pkg/apis/core/validation/validation.go
 */
export const coreRules: Partial<Readonly<Record<TypeName, readonly CoreRule[]>>> = {
  AppArmorProfile: [localhostProfile],
  EnvVar: [envName, valueOrSource],
  EnvVarSource: [oneSource('secretKeyRef')],
  LabelSelector: [matchLabels],
  LabelSelectorRequirement: [selectorKey, selectorValues],
  NodeSelectorRequirement: [selectorKey, selectorValues],
  PodSecurityContext: ids,
  PreferredSchedulingTerm: [range('weight', 1, 100)],
  ResourceRequirements: [resourceNames, requestsWithinLimits],
  SeccompProfile: [localhostProfile],
  SecurityContext: [...ids, escalation],
  Toleration: [toleration],
  TopologySpreadConstraint: [range('maxSkew', 1), range('minDomains', 1), minDomains],
  // Kubernetes would take a volume without a source as an emptyDir, and its data would be gone with the pod.
  Volume: [volumeName, oneSource('emptyDir', 'name')],
  VolumeProjection: [oneSource('secret')],
  WeightedPodAffinityTerm: [range('weight', 1, 100)],
};

function problem(path: Path, value: unknown, message: string): readonly SchemaProblem[] {
  return [{ path, value, message }];
}

const none: readonly SchemaProblem[] = [];

function range(field: string, least: number, most = Infinity): CoreRule {
  return (object) => {
    const value = numberAt(object, field);
    if (value === undefined || (value >= least && value <= most)) return none;
    return problem([field], value, most === Infinity ? `is less than ${least}` : `is not from ${least} to ${most}`);
  };
}

/** Of all fields (but those named) exactly one must be set. */
function oneSource(example: string, ...otherFields: readonly string[]): CoreRule {
  return (object) => {
    const sources = Object.keys(object).filter(
      (field) => !otherFields.includes(field) && (at(object, field) ?? undefined) !== undefined,
    );
    if (sources.length === 1) return none;
    if (sources.length === 0) return problem([], undefined, `has no source such as ${example}`);
    return problem([], undefined, `has more than one source: ${sources.sort().join(', ')}`);
  };
}

function envName(object: JsonObject): readonly SchemaProblem[] {
  const name = textAt(object, 'name');
  return name?.includes('=') === true ? problem(['name'], name, 'contains "="') : none;
}

function valueOrSource(object: JsonObject): readonly SchemaProblem[] {
  const both = (textAt(object, 'value') ?? '') !== '' && at(object, 'valueFrom') !== undefined;
  return both ? problem(['valueFrom'], undefined, 'cannot be set beside value') : none;
}

function volumeName(object: JsonObject): readonly SchemaProblem[] {
  const name = textAt(object, 'name');
  if (name === undefined || name === '' || isDns1123Label(name)) return none;
  return problem(['name'], name, 'is not a volume name such as "my-data"');
}

/** cpu and the like, or a name with a domain before it; anything else is most likely a slip. */
function resourceNames(object: JsonObject): readonly SchemaProblem[] {
  const known = ['cpu', 'memory', 'ephemeral-storage'];
  const isName = (name: string) =>
    known.includes(name) || name.startsWith('hugepages-') || (name.includes('/') && isQualifiedName(name));

  return ['limits', 'requests'].flatMap((field) =>
    Object.keys(objectAt(object, field) ?? {})
      .filter((name) => !isName(name))
      .flatMap((name) => {
        const near = closest(name, known);
        const hint = near === undefined ? `; the resources are ${known.join(', ')}` : `; did you mean "${near}"?`;
        return problem([field, name], undefined, `is not a resource of a container${hint}`);
      }),
  );
}

function requestsWithinLimits(object: JsonObject): readonly SchemaProblem[] {
  return Object.entries(objectAt(object, 'requests') ?? {}).flatMap(([name, request]) => {
    const limit = at(object, 'limits', name);
    const [asked, allowed] = [readQuantity(request), readQuantity(limit)];
    if (asked === undefined || allowed === undefined || compareQuantities(asked, allowed) <= 0) return none;
    return problem(['requests', name], request, `is more than the limit of ${JSON.stringify(limit)}`);
  });
}

function toleration(object: JsonObject): readonly SchemaProblem[] {
  const { operator = '', key = '', value = '', effect, tolerationSeconds } = object;
  const badKey = typeof key === 'string' && key !== '' && !isQualifiedName(key);
  const badValue = typeof value === 'string' && !isLabelValue(value);
  return [
    ...(key === '' && operator !== 'Exists'
      ? problem(['key'], undefined, 'is required unless the operator is Exists')
      : none),
    ...(badKey ? problem(['key'], key, 'is not a taint key such as "example.com/dedicated"') : none),
    ...(badValue ? problem(['value'], value, 'is not a taint value such as "storage"') : none),
    ...(value !== '' && operator === 'Exists'
      ? problem(['value'], value, 'cannot be set when the operator is Exists')
      : none),
    ...(tolerationSeconds !== undefined && effect !== 'NoExecute'
      ? problem(['tolerationSeconds'], tolerationSeconds, 'can be set only when the effect is NoExecute')
      : none),
  ];
}

function selectorKey(object: JsonObject): readonly SchemaProblem[] {
  const key = textAt(object, 'key');
  if (key === undefined || key === '' || isQualifiedName(key)) return none;
  return problem(['key'], key, 'is not a label key such as "kubernetes.io/hostname"');
}

function selectorValues(object: JsonObject): readonly SchemaProblem[] {
  const operator = textAt(object, 'operator') ?? '';
  const count = listAt(object, 'values').length;
  if (['In', 'NotIn'].includes(operator) && count === 0) {
    return problem(['values'], undefined, `is required when the operator is ${operator}`);
  }
  if (['Exists', 'DoesNotExist'].includes(operator) && count > 0) {
    return problem(['values'], undefined, `cannot be set when the operator is ${operator}`);
  }
  if (['Gt', 'Lt'].includes(operator) && count !== 1) {
    return problem(['values'], undefined, `must have one item when the operator is ${operator}`);
  }
  return none;
}

function matchLabels(object: JsonObject): readonly SchemaProblem[] {
  return Object.entries(textsAt(object, 'matchLabels')).flatMap(([key, value]) => [
    ...(isQualifiedName(key)
      ? none
      : problem(['matchLabels', key], undefined, 'is not a label key such as "example.com/app"')),
    ...(isLabelValue(value) ? none : problem(['matchLabels', key], value, 'is not a label value such as "my-app"')),
  ]);
}

function minDomains(object: JsonObject): readonly SchemaProblem[] {
  const { minDomains: count, whenUnsatisfiable } = object;
  if (count === undefined || whenUnsatisfiable === 'DoNotSchedule') return none;
  return problem(['minDomains'], count, 'can be set only when whenUnsatisfiable is DoNotSchedule');
}

function localhostProfile(object: JsonObject): readonly SchemaProblem[] {
  const { type, localhostProfile: profile } = object;
  if (type === 'Localhost' && (profile ?? '') === '') {
    return problem(['localhostProfile'], undefined, 'is required when the type is Localhost');
  }
  if (type !== 'Localhost' && profile !== undefined) {
    return problem(['localhostProfile'], profile, 'can be set only when the type is Localhost');
  }
  return none;
}

function escalation(object: JsonObject): readonly SchemaProblem[] {
  if (at(object, 'allowPrivilegeEscalation') !== false) return none;
  const path = ['allowPrivilegeEscalation'];
  if (at(object, 'privileged') === true) return problem(path, false, 'cannot be set when privileged is true');
  // Only in this spelling: kube-apiserver compares the text.
  if (!listAt(object, 'capabilities', 'add').includes('CAP_SYS_ADMIN')) return none;
  return problem(path, false, 'cannot be set when the capability CAP_SYS_ADMIN is added');
}
