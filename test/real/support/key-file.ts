import { argon2, createCipheriv, randomBytes, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(argon2);

/** How the server's own library makes a key file: github.com/marmos91/dittofs/pkg/block/encryption/keyprovider, GenerateKeyFile. */
export async function makeKeyFile(passphrase: string): Promise<string> {
  const [salt, nonce] = [randomBytes(16), randomBytes(12)];
  const [passes, memory, parallelism] = [3, 64 * 1024, 4];
  const key = await derive('argon2id', {
    message: passphrase,
    nonce: salt,
    parallelism,
    tagLength: 32,
    memory,
    passes,
  });
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const wrapped = Buffer.concat([cipher.update(randomBytes(32)), cipher.final(), cipher.getAuthTag()]);
  const body = JSON.stringify({
    version: 1,
    master_key_id: randomUUID(),
    kdf: { algo: 'argon2id', salt: salt.toString('base64'), time: passes, memory_kib: memory, threads: parallelism },
    wrap: 'aes-256-gcm',
    nonce: nonce.toString('base64'),
    wrapped_master_key: wrapped.toString('base64'),
  });
  const lines = (
    Buffer.from(body)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  ).join('\n');
  return `-----BEGIN DITTOFS ENCRYPTED MASTER KEY-----\n${lines}\n-----END DITTOFS ENCRYPTED MASTER KEY-----\n`;
}
