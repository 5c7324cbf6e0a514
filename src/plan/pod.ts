import type { Input } from '../api/v1alpha1/input.ts';
import type { Spec } from '../api/v1alpha1/spec.ts';
import { wholeSeconds } from '../lib/duration.ts';
import { at, listAt, mergeObjects, withValue, type JsonObject } from '../lib/json.ts';
import type { Texts } from '../kubernetes/manifest.ts';
import { drainSeconds, fileGroup } from './container.ts';
import { countRemoteShares } from './shares.ts';

/** What the spec says about the pod, with safe defaults. */
export interface PodPlan {
  readonly image: string;
  readonly imagePullPolicy: string | undefined;
  readonly imagePullSecrets: readonly string[];
  readonly replicas: number;
  readonly labels: Texts;
  readonly annotations: Texts;
  readonly resources: JsonObject | undefined;
  readonly securityContext: JsonObject;
  readonly podSecurityContext: JsonObject;
  readonly nodeSelector: Texts | undefined;
  readonly tolerations: readonly JsonObject[] | undefined;
  readonly affinity: JsonObject | undefined;
  readonly topologySpreadConstraints: readonly JsonObject[] | undefined;
  readonly priorityClassName: string | undefined;
  readonly extraEnv: readonly JsonObject[];
  readonly extraVolumes: readonly JsonObject[];
  readonly extraVolumeMounts: readonly JsonObject[];
  /** Seconds. */
  readonly terminationGracePeriod: number;
  /** Seconds. */
  readonly startupTimeout: number;
}

/** Seconds for which a share holds up the start of its server while its S3 service does not answer. */
const REMOTE_START = 180;

/** What a server may need to start without S3; in steps, because each change of it starts the server again. */
function remoteStart(spec: Spec): number {
  const shares = countRemoteShares(spec);
  return shares === 0 ? 0 : REMOTE_START * 2 ** Math.ceil(Math.log2(shares));
}

/** The image that this release was tested with; used only where neither the spec nor the platform names one. */
export const testedImage = 'marmos91c/dittofs:v0.29.0';

/** The restricted Pod Security Standard; the image runs as a numeric user that is not root. */
export const restrictedContainer: JsonObject = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};

/** The same for a pod. */
export const restrictedPod: JsonObject = {
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};

/** The server's pod writes to volumes that belong to its group. */
const serverPod: JsonObject = {
  ...restrictedPod,
  fsGroup: fileGroup,
  // Changing the group of every file at every start would take hours on a large volume.
  fsGroupChangePolicy: 'OnRootMismatch',
};

/** Tells whether a container asks for rights with which the API server lets no one forbid escalation. */
function isPrivileged(context: JsonObject): boolean {
  const added = listAt(context, 'capabilities', 'add');
  return at(context, 'privileged') === true || added.includes('CAP_SYS_ADMIN');
}

/** The user's fields, one by one, over the restricted defaults that go with them. */
function planSecurityContext(written: JsonObject): JsonObject {
  const merged = mergeObjects(restrictedContainer, written);
  const forbids = isPrivileged(written) && written.allowPrivilegeEscalation === undefined;
  return forbids ? withValue(merged, ['allowPrivilegeEscalation'], undefined) : merged;
}

/**
 * Seconds in which the server surely stops: it still serves while Services forget it, then each of three stages takes
 * up to `shutdownTimeout`, then it ends itself; 10 seconds are to spare.
 */
function gracePeriod({ shutdownTimeout }: Spec): number {
  return drainSeconds + 3 * wholeSeconds(shutdownTimeout) + 10;
}

/** What the spec says about the pod, with safe defaults, and what is unwise about it. */
export function planPod(spec: Spec, input: Input): { pod: PodPlan; warnings: readonly string[] } {
  const needed = gracePeriod(spec);
  const grace = spec.terminationGracePeriodSeconds ?? needed;
  const pullSecrets = [...(spec.imagePullSecrets ?? []), ...input.imagePullSecrets].map(({ name }) => name);
  const pod: PodPlan = {
    image: spec.image ?? input.images.server ?? testedImage,
    imagePullPolicy: spec.imagePullPolicy,
    imagePullSecrets: [...new Set(pullSecrets)],
    replicas: spec.replicas,
    labels: spec.podLabels ?? {},
    annotations: spec.podAnnotations ?? {},
    resources: spec.resources,
    securityContext: planSecurityContext(spec.securityContext ?? {}),
    podSecurityContext: mergeObjects(serverPod, spec.podSecurityContext ?? {}),
    nodeSelector: spec.nodeSelector,
    tolerations: spec.tolerations,
    affinity: spec.affinity,
    topologySpreadConstraints: spec.topologySpreadConstraints,
    priorityClassName: spec.priorityClassName,
    extraEnv: spec.extraEnv ?? [],
    extraVolumes: spec.extraVolumes ?? [],
    extraVolumeMounts: spec.extraVolumeMounts ?? [],
    terminationGracePeriod: grace,
    startupTimeout: Math.max(spec.startupTimeoutSeconds, remoteStart(spec)),
  };
  const short = `spec.terminationGracePeriodSeconds is less than the ${needed} seconds that the server may need to stop: it could be killed while it writes`;
  return { pod, warnings: grace < needed ? [short] : [] };
}
