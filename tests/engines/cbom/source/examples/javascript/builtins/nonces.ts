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

// What runs once: callbacks of a library, of a promise, and functions that are called where they stand.
const filled = Buffer.alloc(12);
crypto.randomFill(filled, () => { // finds: use:CSPRNG
  crypto.createCipheriv('aes-256-gcm', key, filled); // finds: use:AES
});
const once = crypto.randomBytes(12); // finds: use:CSPRNG
(async () => {
  crypto.createCipheriv('aes-256-gcm', await loaded(), once); // finds: use:AES
})();
const often = crypto.randomBytes(12); // finds: use:CSPRNG
application.post('/', () => {
  crypto.createCipheriv('aes-256-gcm', key, often); // finds: use:AES nonce-reuse
});
