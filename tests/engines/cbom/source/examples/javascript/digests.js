import blake2 from 'blake2';
import passwords from 'password-hash';
import { pbkdf2 } from 'fastpbkdf2';
import { hashElement } from 'folder-hash';
import { createSHA3, keccak, sha3 } from 'hash-wasm';
import { sha256 } from 'js-sha256';
import { sha512 } from 'js-sha512';
import { Md5 } from 'md5-typescript';
import { kdf } from 'scrypt-kdf';
import { createHash } from 'sha256-uint8array';
import { Algorithm, hash } from '@node-rs/argon2';
import { hashSync } from 'bcrypt-edge';

sha3('text'); // finds: use:SHA3-256
keccak('text'); // finds: use:Keccak
createSHA3(); // finds: use:SHA3-256
sha256.hmac(process.env.KEY, 'text'); // finds: use:HMAC-SHA-256
sha512.hmac('a fixed key', 'text'); // finds: use:HMAC-SHA-512 hardcoded-key
hashElement('folder'); // finds: use:SHA-1 weak-hash
hashElement('folder', { algo: 'sha256' }); // finds: use:SHA-256
Md5.init('text'); // finds: use:MD5 weak-hash
createHash().update('text'); // finds: use:SHA-256
blake2.createHash('blake2b'); // finds: use:BLAKE2b
blake2.createKeyedHash('blake2b', process.env.KEY); // finds: use:BLAKE2b
blake2.createKeyedHash('blake2s', Buffer.from('a fixed key')); // finds: use:BLAKE2s hardcoded-key

export function stored(password, salt) {
  kdf(password, { logN: 12, r: 8, p: 1 }); // finds: use:scrypt low-kdf-iterations
  kdf(password, { logN: 15, r: 8, p: 1 }); // finds: use:scrypt
  pbkdf2(password, salt, 1000, 32, 'sha256', () => {}); // finds: use:PBKDF2 low-kdf-iterations
  pbkdf2(password, salt, 600000, 32, 'sha256', () => {}); // finds: use:PBKDF2
  passwords.generate(password, { algorithm: 'sha256', iterations: 1 }); // finds: use:HMAC-SHA-256 weak-kdf
  passwords.generate(password, { algorithm: 'sha512', iterations: 200000 }); // finds: use:HMAC-SHA-512
  hashSync(password, 4); // finds: use:bcrypt low-kdf-iterations
  return hash(password, { algorithm: Algorithm.Argon2i, memoryCost: 65536 }); // finds: use:Argon2i
}

// Deno's older standard library.
import { createHash as digest } from 'https://deno.land/std@0.119.0/hash/mod.ts';
import { Md5 as Older } from 'https://deno.land/std@0.119.0/hash/md5.ts';
import { HmacSha256, Sha256 } from 'https://deno.land/std@0.119.0/hash/sha256.ts';

new Older().update('text'); // finds: use:MD5 weak-hash
new Sha256().update('text'); // finds: use:SHA-256
new HmacSha256('a fixed key').update('text'); // finds: use:HMAC-SHA-256 hardcoded-key
new HmacSha256(Deno.env.get('KEY')).update('text'); // finds: use:HMAC-SHA-256
digest('sha1').update('text'); // finds: use:SHA-1 weak-hash
