import { generatedSecret } from './generated-secret.ts';

/** The key that signs the REST API's tokens, where the user brings none. */
export const jwtSecret = generatedSecret('jwt-secret', 'jwt', ({ jwt }) => jwt);
