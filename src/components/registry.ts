import { adminSecret } from './admin-secret.ts';
import { apiService } from './api-service.ts';
import { config } from './config.ts';
import { connection } from './connection.ts';
import { database } from './database.ts';
import { fileService } from './file-service.ts';
import { headlessService } from './headless-service.ts';
import { jwtSecret } from './jwt-secret.ts';
import { commonKeys, type CommonKey } from './keys.ts';
import type { Plan } from '../plan/plan.ts';
import { provisionerAccount } from './provisioner-account.ts';
import { provisionerBinding } from './provisioner-binding.ts';
import { provisionerRole } from './provisioner-role.ts';
import { provisionerStatus } from './provisioner-status.ts';
import { provisioner } from './provisioner.ts';
import { userSecret } from './user-secret.ts';
import type { ServerComponent } from './server-component.ts';
import { shareClaim, shareVolume } from './share-volume.ts';
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
  'volume-cache': volume('cache'),
  'volume-controlplane': volume('controlplane'),
  server,
  'provisioner-account': provisionerAccount,
  'provisioner-role': provisionerRole,
  'provisioner-binding': provisionerBinding,
  'provisioner-status': provisionerStatus,
  provisioner,
  connection,
} satisfies Record<CommonKey, ServerComponent>;

const common: readonly ServerComponent[] = Object.freeze(commonKeys.map((key) => byKey[key]));

/**
 * Every composed resource of a DittoServer: those of the users that its spec names, those that all have, which use
 * them, and those of the volumes of shares.
 */
export function componentsOf({ generatedUsers, shareVolumes, formerShareVolumes }: Plan): readonly ServerComponent[] {
  const shares = [...shareVolumes.map(({ share }) => share), ...formerShareVolumes];
  return [
    ...generatedUsers.map(userSecret),
    ...common,
    ...shares.flatMap((share) => [shareVolume(share), shareClaim(share)]),
  ];
}
