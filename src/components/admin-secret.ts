import { generatedSecret } from './generated-secret.ts';

/** The administrator's first password, where the user brings none. */
export const adminSecret = generatedSecret('admin-secret', 'admin', ({ admin }) => admin);
