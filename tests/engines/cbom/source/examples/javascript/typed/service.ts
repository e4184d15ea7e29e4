import crypto from 'crypto';
import forge, { pki } from 'node-forge';
import { CryptoHasher, password } from 'bun';

export class HashService {
  hash(algorithm: string, text: string) {
    return crypto.createHash(algorithm).update(text).digest('hex'); // finds: use:MD5 weak-hash
  }
}

export class Sealer {
  private readonly key: forge.pki.rsa.PublicKey;
  constructor(key: forge.pki.rsa.PublicKey, private readonly own: { key: unknown }) {
    this.key = key;
  }
  seal = (text: string) => this.key.encrypt(text, 'RSAES-PKCS1-V1_5'); // finds: use:RSA weak-padding
  sign(text: string) {
    const digest = forge.md.sha256.create().update(text); // finds: use:SHA-256
    return (this.own.key as pki.rsa.PrivateKey).sign(digest); // finds: use:RSA
  }
}

export const sealed = (key: pki.rsa.PublicKey, text: string) => key.encrypt(text, 'RSA-OAEP'); // finds: use:RSA
export const own = (key: MyPublicKey, text: string) => key.encrypt(text, 'RSAES-PKCS1-V1_5');

export const mac = (text: string) => new CryptoHasher('sha256', process.env.KEY).update(text); // finds: use:HMAC-SHA-256
export const sum = (text: string) => new CryptoHasher('md5').update(text); // finds: use:MD5 weak-hash
export const stored = (text: string) => password.hash(text as string); // finds: use:Argon2id
export const plain = (user: unknown) => crypto.createHash('sha256').update((user as User).password as string); // finds: use:SHA-256 weak-kdf
