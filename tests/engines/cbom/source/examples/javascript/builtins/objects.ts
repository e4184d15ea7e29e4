import { createCipheriv, createHash, randomBytes } from 'node:crypto';

namespace Digests {
  export const NAME = 'md5';
  export function made() {
    return createHash(NAME); // finds: use:MD5 weak-hash
  }
}
createHash(Digests.NAME); // finds: use:MD5 weak-hash
const names = new Map([['etag', 'md5']]);
createHash(names.get('etag')); // finds: use:MD5 weak-hash
const options = Object.assign({}, { name: 'sha1' });
createHash(options.name); // finds: use:SHA-1 weak-hash
createHash(Object.keys({ md5: 1 })[0]); // finds: use:MD5 weak-hash
for (const [name, size] of Object.entries({ sha1: 20 })) createHash(name); // finds: use:SHA-1 weak-hash
const filled = Buffer.alloc(16).fill('a');
createCipheriv('aes-256-gcm', randomBytes(32), filled); // finds: use:CSPRNG use:AES static-iv
