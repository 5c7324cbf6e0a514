import { listAt, numberAt, textAt, type JsonObject } from '../lib/json.ts';
import { isMissing, type ObservedObject } from './object.ts';

/**
 * How a composed resource is, as a value with a reason.
 *
 * progressing: it comes up by itself, so it is worth looking again soon. failed: a person has to do something.
 */
export interface Health {
  readonly state: 'ready' | 'progressing' | 'failed';
  /** One word, stable: `ReplicasReady`. */
  readonly reason: string;
  /** A sentence without times or counters, for a condition; empty when there is nothing to say. */
  readonly message: string;
}

/** A resource that is as it should be. */
export function ready(reason: string, message = ''): Health {
  return { state: 'ready', reason, message };
}

/** A resource that is on its way. */
export function progressing(reason: string, message: string): Health {
  return { state: 'progressing', reason, message };
}

/** A resource that needs a person. */
export function failed(reason: string, message: string): Health {
  return { state: 'failed', reason, message };
}

/** The health that matters most: what needs a person, then what is on its way; undefined where all is ready. */
export function worst(healths: Iterable<Health>): Health | undefined {
  const all = [...healths].filter(({ state }) => state !== 'ready');
  return all.find(({ state }) => state === 'failed') ?? all[0];
}

/** `Service "my-server-file"`: how messages call an object. */
export function called(manifest: JsonObject): string {
  return `${textAt(manifest, 'kind') ?? 'object'} ${JSON.stringify(textAt(manifest, 'metadata', 'name') ?? '')}`;
}

/** What goes for every kind before its own health counts: it is there, and not on its way out. */
export function presence(object: ObservedObject): Health | undefined {
  const name = called(object.manifest);
  if (object.deleting) return progressing('Deleting', `the former ${name} is being deleted`);
  if (object.live === undefined) return progressing('Creating', `${name} is not created yet`);
  if (textAt(object.live, 'metadata', 'deletionTimestamp') !== undefined) {
    return progressing('Deleting', `${name} is being deleted`);
  }
  return undefined;
}

/** Kinds without a meaningful status are healthy once they exist. */
export function assessExistence(object: ObservedObject): Health {
  return presence(object) ?? ready('Created');
}

/** Something that others own is healthy when it is found. */
export function assessFound(object: ObservedObject, notFound: Health): Health {
  if (isMissing(object)) return notFound;
  return object.live === undefined
    ? progressing('Observing', `${called(object.manifest)} is being looked up`)
    : ready('Found');
}

/** The first address of a LoadBalancer Service, if it has one yet. */
export function loadBalancerAddress(service: JsonObject | undefined): string | undefined {
  for (const ingress of listAt(service, 'status', 'loadBalancer', 'ingress')) {
    const address = textAt(ingress, 'ip') ?? textAt(ingress, 'hostname');
    if (address !== undefined && address !== '') return address;
  }
  return undefined;
}

/** A Service is healthy when it exists and, where it is a load balancer to wait for, has an address. */
export function assessService(object: ObservedObject, waitForAddress: boolean): Health {
  const absent = presence(object);
  if (absent !== undefined) return absent;
  const live = object.live;
  if (!waitForAddress || textAt(live, 'spec', 'type') !== 'LoadBalancer') return ready('Created');
  if (loadBalancerAddress(live) !== undefined) return ready('AddressAssigned');
  return progressing('LoadBalancerPending', `${called(live ?? {})} has no address from the load balancer yet`);
}

/** A workload whose controller has not seen its present spec: what its status says is of the former one. */
function unseenChange({ live }: ObservedObject): Health | undefined {
  const seen = numberAt(live, 'status', 'observedGeneration') ?? 0;
  if (seen >= (numberAt(live, 'metadata', 'generation') ?? 0)) return undefined;
  return progressing('RollingOut', `${called(live ?? {})} changed and its controller has not seen that yet`);
}

/**
 * A StatefulSet is healthy when its controller has seen the current spec and every replica of it is updated and ready
 * (kubernetes/kubernetes, pkg/apis/apps: StatefulSetStatus). Stopped, with no replicas, is healthy too.
 */
export function assessStatefulSet(object: ObservedObject): Health {
  const unseen = presence(object) ?? unseenChange(object);
  if (unseen !== undefined) return unseen;
  const live = object.live;
  const name = called(live ?? {});
  const replicas = numberAt(live, 'spec', 'replicas') ?? 1;
  const existing = numberAt(live, 'status', 'replicas') ?? 0;
  if (replicas === 0) {
    return existing === 0
      ? ready('Stopped', 'replicas is 0')
      : progressing('Stopping', `the pod of ${name} is stopping`);
  }
  const updated = numberAt(live, 'status', 'updatedReplicas') ?? 0;
  const rolling = textAt(live, 'status', 'updateRevision') !== textAt(live, 'status', 'currentRevision');
  if (updated < replicas && rolling) return progressing('RollingOut', `the pod of ${name} is being replaced`);
  if (updated < replicas || (numberAt(live, 'status', 'readyReplicas') ?? 0) < replicas) {
    return progressing(
      'ReplicasNotReady',
      `the pod of ${name} is not ready; kubectl describe pod ${podName(live)} tells why`,
    );
  }
  return ready('ReplicasReady');
}

/**
 * A Deployment is healthy when its controller has seen the current spec and every pod of it is updated and available
 * (kubernetes/kubernetes, pkg/apis/apps: DeploymentStatus).
 */
export function assessDeployment(object: ObservedObject): Health {
  const unseen = presence(object) ?? unseenChange(object);
  if (unseen !== undefined) return unseen;
  const live = object.live;
  const name = called(live ?? {});
  const replicas = numberAt(live, 'spec', 'replicas') ?? 1;
  if (replicas === 0) return ready('Stopped', 'replicas is 0');
  const updated = numberAt(live, 'status', 'updatedReplicas') ?? 0;
  const available = numberAt(live, 'status', 'availableReplicas') ?? 0;
  if (updated < replicas || available < replicas) {
    return progressing('ReplicasNotReady', `the pod of ${name} is not ready; kubectl describe deployment tells why`);
  }
  return ready('ReplicasReady');
}

function podName(live: JsonObject | undefined): string {
  return `${textAt(live, 'metadata', 'name') ?? ''}-0`;
}
