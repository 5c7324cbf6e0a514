import { owned } from '../composition/component.ts';
import { assessService } from '../kubernetes/health.ts';
import { whenAddressAssigned, whenCreated } from '../kubernetes/readiness.ts';
import { annotated } from '../kubernetes/manifest.ts';
import { defined, type JsonObject } from '../lib/json.ts';
import type { FileExposure, OfferedProtocol } from '../plan/exposure.ts';
import type { ServerComponent } from './server-component.ts';

function toServicePort({ protocol, port, nodePort }: OfferedProtocol): JsonObject {
  return defined({ name: protocol, port, protocol: 'TCP', targetPort: protocol, nodePort });
}

function waitsForAddress({ type, waitForAddress }: FileExposure): boolean {
  return type === 'LoadBalancer' && waitForAddress;
}

/**
 * The Service through which clients mount shares.
 *
 * NFS and SMB are plain TCP, so an Ingress cannot carry them; and only TCP, because many load balancers refuse a
 * Service with mixed protocols.
 */
export const fileService: ServerComponent = {
  key: 'file-service',
  render: ({ names, namespace, labelsOf, selector, file }) => {
    if (file.protocols.length === 0) return undefined;
    return {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: names.fileService, namespace, labels: labelsOf('file'), ...annotated(file.annotations) },
      spec: { type: file.type, selector, ports: file.protocols.map(toServicePort), ...file.options },
    };
  },
  assess: (observed, { file }) => assessService(observed, waitsForAddress(file)),
  life: () => owned,
  readiness: ({ file }) => (waitsForAddress(file) ? whenAddressAssigned : whenCreated),
  watch: true,
};
