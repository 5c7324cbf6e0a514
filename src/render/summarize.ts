import { listAt, numberAt, objectAt, textAt, type Json, type JsonObject } from '../lib/json.ts';
import { secretKeys } from './hide-secrets.ts';

function namedPorts(service: JsonObject): string {
  return listAt(service, 'spec', 'ports')
    .map((port) => `${textAt(port, 'name') ?? ''} ${numberAt(port, 'port') ?? ''}`.trim())
    .join(', ');
}

function serviceType(service: JsonObject): string {
  return textAt(service, 'spec', 'clusterIP') === 'None'
    ? 'headless'
    : (textAt(service, 'spec', 'type') ?? 'ClusterIP');
}

function image(workload: Json): string {
  return textAt(listAt(workload, 'spec', 'template', 'spec', 'containers')[0], 'image') ?? '';
}

/** What matters of a manifest besides its name, in a few words; empty where there is nothing to say. */
export function summarize(manifest: JsonObject): string {
  switch (textAt(manifest, 'kind')) {
    case 'ConfigMap':
      return Object.keys(objectAt(manifest, 'data') ?? {}).join(', ');
    case 'Secret':
      return `${secretKeys(manifest).join(', ')} (not shown)`;
    case 'Service':
      return `${serviceType(manifest)}: ${namedPorts(manifest)}`;
    case 'PersistentVolumeClaim': {
      const size = textAt(manifest, 'spec', 'resources', 'requests', 'storage') ?? '';
      const storageClass = textAt(manifest, 'spec', 'storageClassName');
      return storageClass === undefined || storageClass === '' ? size : `${size} of ${storageClass}`;
    }
    case 'PersistentVolume': {
      const size = textAt(manifest, 'spec', 'capacity', 'storage') ?? '';
      return `${size} by ${textAt(manifest, 'spec', 'csi', 'driver') ?? 'nfs'}`;
    }
    case 'StatefulSet':
    case 'Deployment':
      return `${numberAt(manifest, 'spec', 'replicas') ?? 1} × ${image(manifest)}`;
    case 'StorageClass':
      return 'only looked at';
    default:
      return '';
  }
}
