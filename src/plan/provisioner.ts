import { stopSeconds } from '../api/provisioning.ts';
import type { Input } from '../api/v1alpha1/input.ts';
import type { JsonObject } from '../lib/json.ts';
import type { Texts } from '../kubernetes/manifest.ts';
import { restrictedContainer, restrictedPod } from './pod.ts';
import type { SecretFile } from './serving.ts';

/** The program that makes the server serve what the spec declares, and keeps it so. */
export interface ProvisionerPlan {
  readonly image: string;
  readonly selector: Texts;
  /** Keys of Secrets that it reads. */
  readonly files: readonly SecretFile[];
  /** Seconds that its pod has to stop. */
  readonly terminationGracePeriod: number;
  readonly securityContext: JsonObject;
  readonly podSecurityContext: JsonObject;
}

/** Our own image, as this release publishes it; used only where the platform names none. */
export const ownImage = 'ghcr.io/dittofs/function-dittofs:v0.1.0';

/** The permanent selector of its pod. */
function planSelector(server: string): Texts {
  return { app: 'dittofs-provisioner', instance: server };
}

/** Decides about the provisioner. */
export function planProvisioner(server: string, input: Input, files: readonly SecretFile[]): ProvisionerPlan {
  return {
    image: input.images.provisioner ?? ownImage,
    selector: planSelector(server),
    files,
    terminationGracePeriod: stopSeconds,
    securityContext: restrictedContainer,
    podSecurityContext: restrictedPod,
  };
}
