import { adminSecret } from './admin-secret.ts';
import { apiService } from './api-service.ts';
import { config } from './config.ts';
import { database } from './database.ts';
import { fileService } from './file-service.ts';
import { headlessService } from './headless-service.ts';
import { jwtSecret } from './jwt-secret.ts';
import { componentKeys, type ComponentKey } from './keys.ts';
import type { ServerComponent } from './server-component.ts';
import { server } from './server.ts';
import { storageClass } from './storage-class.ts';
import { volume } from './volume.ts';

const byKey = {
  database,
  config,
  'jwt-secret': jwtSecret,
  'admin-secret': adminSecret,
  'headless-service': headlessService,
  'file-service': fileService,
  'api-service': apiService,
  'storage-class': storageClass,
  'volume-metadata': volume('metadata'),
  'volume-content': volume('content'),
  'volume-controlplane': volume('controlplane'),
  server,
} satisfies Record<ComponentKey, ServerComponent>;

/** Every composed resource of a DittoServer, in the order of their keys. */
export const components: readonly ServerComponent[] = Object.freeze(componentKeys.map((key) => byKey[key]));
