import { md5 } from 'js-md5';
import sha1lib, { sha1 } from 'js-sha1';
import { sha256, sha224 } from 'js-sha256';
import { sha512 } from 'js-sha512';
import { sha256 as o256 } from '@oslojs/crypto/sha2';
import { SHA1, sha1 as os1 } from '@oslojs/crypto/sha1';
import { hmac } from '@oslojs/crypto/hmac';
import { SHA256 } from '@oslojs/crypto/sha2';
import { Argon2id } from 'oslo/password';
import { argon2Verify, createHMAC as wasmHmac, createMD5, createSHA512 } from 'hash-wasm';
md5('x'); // finds: use:MD5 weak-hash
md5.hex('x'); // finds: use:MD5 weak-hash
sha1('x'); // finds: use:SHA-1 weak-hash
sha1lib('y'); // finds: use:SHA-1 weak-hash
sha256('x'); sha224.hex('x'); // finds: use:SHA-256 use:SHA-224
sha512('x'); // finds: use:SHA-512
o256(new Uint8Array()); // finds: use:SHA-256
os1(new Uint8Array()); // finds: use:SHA-1 weak-hash
hmac(SHA256, key, data); // finds: use:HMAC-SHA-256
hmac(SHA1, key, data); // finds: use:HMAC-SHA-1
new Argon2id().hash(pw); // finds: use:Argon2id
await argon2Verify({ password, hash }); // finds: use:Argon2
sha256.create().update('x').hex(); // finds: use:SHA-256

import { createHash } from '@better-auth/utils/hash';
import { createHMAC } from '@better-auth/utils/hmac';

await createHash('SHA-256').digest(text); // finds: use:SHA-256
await createHash('SHA-1', 'hex').digest(text); // finds: use:SHA-1 weak-hash
await createHMAC('SHA-512', 'base64').sign(process.env.KEY, text); // finds: use:HMAC-SHA-512
await createHMAC().sign('a key of this program', text); // finds: use:HMAC-SHA-256 hardcoded-key

(await wasmHmac(createSHA512(), process.env.KEY)).update(text); // finds: use:HMAC-SHA-512 use:SHA-512
(await createMD5()).update(text).digest(); // finds: use:MD5 weak-hash
