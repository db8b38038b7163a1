/** Keeps API keys unreadable in the engine's tables: AES-256-GCM with a key that never enters the engine. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { KnownError } from '../errors.js';
import { keptSecret } from '../kept-secret.js';

export interface SecretBox {
  seal(text: string): string;
  /** A KnownError that names the model when the text was sealed with another key. */
  open(sealed: string, modelName: string): string;
}

const nonceBytes = 12;
const tagBytes = 16;

/** `passphrase`: HOLOGEN_SECRET_KEY. Without one a random key is made and kept in the data directory. */
export async function openSecretBox(
  dataDirectory: string,
  passphrase: string | undefined,
): Promise<SecretBox> {
  const key = createHash('sha256')
    .update(passphrase ?? (await keptSecret(dataDirectory, 'secret.key')))
    .digest();
  return {
    seal(text) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64');
    },
    open(sealed, modelName) {
      const bytes = Buffer.from(sealed, 'base64');
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes));
      decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
      try {
        return (
          decipher.update(bytes.subarray(nonceBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8')
        );
      } catch {
        throw new KnownError({
          kind: 'providerAuthorization',
          message: `the API key of external model "${modelName}" cannot be read: it was stored under another secret key`,
          hint: 'Set HOLOGEN_SECRET_KEY (or keep secret.key) as it was then, or delete and register the model again.',
        });
      }
    },
  };
}
