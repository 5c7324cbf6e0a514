import type { Input } from '../api/v1alpha1/input.ts';
import type { Spec } from '../api/v1alpha1/spec.ts';
import { defined, type JsonObject } from '../lib/json.ts';
import type { Texts } from '../kubernetes/manifest.ts';

/** Types of a Service. */
export type ServiceType = 'ClusterIP' | 'NodePort' | 'LoadBalancer';

/** The protocols through which clients mount, in the order in which status prefers them. */
export const protocols = ['nfs', 'smb'] as const;
export type Protocol = (typeof protocols)[number];

/** A protocol that the file Service offers. */
export interface OfferedProtocol {
  readonly protocol: Protocol;
  /** Port of the Service. */
  readonly port: number;
  readonly nodePort: number | undefined;
}

/** How the file Service is exposed. */
export interface FileExposure {
  readonly type: ServiceType;
  readonly annotations: Texts;
  readonly protocols: readonly OfferedProtocol[];
  readonly waitForAddress: boolean;
  /** Fields of the Service's spec that only its type gives a meaning. */
  readonly options: JsonObject;
}

/** The type of the file Service: the user's word, then the field of the Go operator, the platform, ClusterIP. */
function planType({ service, adapterServices }: Spec, input: Input): ServiceType {
  return service.type ?? adapterServices?.type ?? input.service.type ?? 'ClusterIP';
}

/** Settings of the Service that have a meaning with its type, and the names of those that have none. */
function planOptions({ service }: Spec, type: ServiceType): { options: JsonObject; ineffective: readonly string[] } {
  const { externalTrafficPolicy, loadBalancerClass, loadBalancerIP, loadBalancerSourceRanges } = service;
  const external = defined({ externalTrafficPolicy });
  const loadBalancer = defined({ loadBalancerClass, loadBalancerIP, loadBalancerSourceRanges });
  if (type === 'LoadBalancer') return { options: { ...external, ...loadBalancer }, ineffective: [] };
  if (type === 'NodePort') return { options: external, ineffective: Object.keys(loadBalancer) };
  const nodePorts = service.nodePorts === undefined ? [] : ['nodePorts'];
  return { options: {}, ineffective: [...Object.keys({ ...external, ...loadBalancer }), ...nodePorts] };
}

/** How the file Service is exposed, and what the spec says about it without effect. */
export function planExposure(spec: Spec, input: Input): { file: FileExposure; warnings: readonly string[] } {
  const type = planType(spec, input);
  const { options, ineffective } = planOptions(spec, type);
  const { nodePorts } = spec.service;
  const offered = protocols.flatMap((protocol): OfferedProtocol[] => {
    const { enabled, port } = spec[protocol];
    return enabled ? [{ protocol, port, nodePort: type === 'ClusterIP' ? undefined : nodePorts?.[protocol] }] : [];
  });
  const file: FileExposure = {
    type,
    annotations: { ...input.service.annotations, ...spec.adapterServices?.annotations, ...spec.service.annotations },
    protocols: offered,
    waitForAddress: spec.service.waitForAddress,
    options,
  };
  return { file, warnings: ineffective.map((field) => `spec.service.${field} has no effect with type ${type}`) };
}
