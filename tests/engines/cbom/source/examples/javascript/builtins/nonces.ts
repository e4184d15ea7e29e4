import { createCipheriv, randomBytes } from 'node:crypto';

const random = (size: number) => randomBytes(size); // finds: use:CSPRNG

class Keeper {
  private readonly nonce = randomBytes(12); // finds: use:CSPRNG
  next() {
    return random(12);
  }
}

function seal(key: Buffer, data: Buffer, nonce: Buffer) {
  return createCipheriv('aes-256-gcm', key, nonce).update(data); // finds: use:AES
}

function sealTwice(key: Buffer, data: Buffer, nonce: Buffer) {
  return createCipheriv('aes-128-gcm', key, nonce).update(data); // finds: use:AES nonce-reuse
}

export function envelope(master: Buffer, data: Buffer) {
  const key = random(32);
  const sealed = seal(key, data, random(12));
  return [sealed, seal(master, key, random(12)), seal(master, data, new Keeper().next())];
}

export function pair(key: Buffer, first: Buffer, second: Buffer) {
  const nonce = random(12);
  return [sealTwice(key, first, nonce), sealTwice(key, second, nonce)];
}
