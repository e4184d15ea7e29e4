import { createCipheriv, createHmac, createSign, pbkdf2Sync } from 'node:crypto';
import nacl from 'tweetnacl';

// What a module keeps to itself is judged with what its own functions do with it.
function encrypted(key: Buffer, iv: Buffer, text: Buffer) {
  return createCipheriv('aes-256-cbc', key, iv).update(text); // finds: use:AES
}

const tagged = (key: Buffer, text: Buffer) => createHmac('sha256', key).update(text).digest(); // finds: use:HMAC-SHA-256

export function seal(key: Buffer, macKey: Buffer, iv: Buffer, text: Buffer) {
  const sealed = encrypted(key, iv, text);
  return Buffer.concat([sealed, tagged(macKey, sealed)]);
}

function scrambled(key: Buffer, iv: Buffer, text: Buffer) {
  return createCipheriv('aes-128-cbc', key, iv).update(text); // finds: use:AES unauthenticated-mode
}

export const scramble = (key: Buffer, iv: Buffer, text: Buffer) => scrambled(key, iv, text);

// Another module may call it.
export function open(key: Buffer, iv: Buffer, text: Buffer) {
  return createCipheriv('aes-192-cbc', key, iv).update(text); // finds: use:AES unauthenticated-mode
}

export class Box {
  private static keyed(key: Buffer) {
    return createHmac('sha1', key); // finds: use:HMAC-SHA-1
  }

  static all(key: Buffer, iv: Buffer, text: Buffer) {
    return Box.keyed(key).update(text).digest(); // finds: use:HMAC-SHA-1
  }
}

// A callback belongs to the function that makes it.
export function queued(queue: Queue, key: Buffer, macKey: Buffer, iv: Buffer, text: Buffer) {
  queue.add(() => createCipheriv('aes-256-cbc', key, iv).update(text)); // finds: use:AES
  queue.add(() => createHmac('sha256', macKey).update(text).digest()); // finds: use:HMAC-SHA-256
  queue.sealed(createHmac('sha256', macKey).update(iv).digest()); // finds: use:HMAC-SHA-256
}

// A typed array of a setting's bytes is no constant, one of a library's length is.
const setting = process.env.KEY!;
export function withSettings(text: Buffer) {
  createHmac('sha256', new Uint8Array(Buffer.from(setting, 'hex'))).update(text).digest(); // finds: use:HMAC-SHA-256
  createHmac('sha256', new Uint8Array(Buffer.from('a key that all can read'))).update(text).digest(); // finds: use:HMAC-SHA-256 hardcoded-key
  createCipheriv('aes-256-gcm', text, new Uint8Array(nacl.secretbox.nonceLength)); // finds: use:AES static-iv
}

// The empty text stands for what isn't given, and a key without content for one that is filled in.
export function fallbacks(password: string, salt?: string) {
  pbkdf2Sync(password, salt || '', 200_000, 32, 'sha256'); // finds: use:PBKDF2
  pbkdf2Sync(password, salt ?? 'pepper', 200_000, 32, 'sha256'); // finds: use:PBKDF2 static-salt
  pbkdf2Sync(password, '', 200_000, 32, 'sha256'); // finds: use:PBKDF2 static-salt
  createSign('RSA-SHA256').sign('-----BEGIN PRIVATE KEY-----\n\n-----END PRIVATE KEY-----'); // finds: use:RSA
}
