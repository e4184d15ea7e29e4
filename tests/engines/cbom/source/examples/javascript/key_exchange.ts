import { Sha256 } from '@aws-crypto/sha256-browser';
import cryptoRandomString from 'crypto-random-string';
import * as curve from 'curve25519-js';
import { SRP, SrpServer } from 'fast-srp-hap';
import hkdf from 'futoin-hkdf';
import hasha from 'hasha';

export async function exchange(data: Uint8Array, salt: Buffer, secret: string, name: string) {
  new Sha256().update(data); // finds: use:SHA-256
  new Sha256('a key that all can read').update(data); // finds: use:HMAC-SHA-256 hardcoded-key
  curve.sharedKey(data, data); // finds: use:X25519
  curve.sign(data, data, null); // finds: use:Ed25519
  hkdf(secret, 32, { salt, hash: 'SHA-512' }); // finds: use:HKDF
  hasha(name, { algorithm: 'md5' }); // finds: use:MD5 weak-hash
  hasha(name); // finds: use:SHA-512
  cryptoRandomString({ length: 32 }); // finds: use:CSPRNG
  new SrpServer(SRP.params[4096], salt, salt, salt, salt); // finds: use:
}
