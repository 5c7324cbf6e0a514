/** Names of the objects of a DittoServer: those of the Go operator, so that its StatefulSet and volumes are adopted. */
export interface Names {
  readonly config: string;
  readonly jwtSecret: string;
  readonly adminSecret: string;
  readonly headlessService: string;
  readonly fileService: string;
  readonly apiService: string;
  readonly server: string;
  readonly provisioner: string;
  readonly provisionerStatus: string;
  readonly connection: string;
}

/** The names of all objects, from the DittoServer's name. */
export function planNames(name: string): Names {
  return {
    config: `${name}-config`,
    jwtSecret: `${name}-jwt-secret`,
    adminSecret: `${name}-admin-bootstrap-credentials`,
    headlessService: `${name}-headless`,
    fileService: `${name}-file`,
    apiService: `${name}-api`,
    server: name,
    provisioner: `${name}-provisioner`,
    provisionerStatus: `${name}-provisioner-status`,
    connection: `${name}-connection`,
  };
}

/** The name of a volume's claim: what a StatefulSet's claim template of that name would make. */
export function claimName(volume: string, name: string): string {
  return `${volume}-${name}-0`;
}

/** The name of the Secret that is generated for a user without one. */
export function userSecretName(user: string, name: string): string {
  return `${name}.user.${user}`;
}
