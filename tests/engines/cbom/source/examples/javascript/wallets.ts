import { Keypair } from '@solana/web3.js';
import { Sha256 } from '@aws-crypto/sha256-browser';
import { hash as stableHash } from '@stablelib/sha256';
import * as ed25519 from '@stablelib/ed25519';
import * as bitcoin from 'bitcoinjs-lib';
import { BIP32Factory } from 'bip32';
import { ECPairFactory } from 'ecpair';
import * as curve from 'curve25519-js';
import { blake2AsHex, keccakAsU8a } from '@polkadot/util-crypto';
import { SRP, SrpServer } from 'fast-srp-hap';
import hkdf from 'futoin-hkdf';
import hasha from 'hasha';
import { calculateJwkThumbprint } from 'jose';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { HOTP, Secret, TOTP } from 'otpauth';
import { Webhook } from 'svix';
import { keccak256 } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';

export function accounts(stored: `0x${string}`, seed: Buffer, ecc: never) {
  privateKeyToAccount('0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'); // finds: use:ECDSA hardcoded-key
  privateKeyToAccount(stored); // finds: use:ECDSA
  privateKeyToAccount(generatePrivateKey()); // finds: use:ECDSA use:CSPRNG
  keccak256(stored); // finds: use:Keccak
  Keypair.generate(); // finds: use:Ed25519
  bitcoin.crypto.ripemd160(seed); // finds: use:RIPEMD-160 weak-hash
  const pair = ECPairFactory(ecc).makeRandom(); // finds: use:ECDSA
  pair.sign(seed); // finds: use:ECDSA
  BIP32Factory(ecc).fromSeed(seed); // finds: use:HMAC-SHA-512
  keccakAsU8a(blake2AsHex(seed)); // finds: use:Keccak use:BLAKE2b
}

export function codes(secret: string, issuer: string) {
  const totp = new TOTP({ issuer, secret: Secret.fromBase32(secret), digits: 6 }); // finds: use:HMAC-SHA-1
  new HOTP({ issuer, algorithm: 'SHA256', secret: Secret.fromBase32('KVKFKRCPNZQUYMLXOVYDSQKJKZDTSRLD') }); // finds: use:HMAC-SHA-256 hardcoded-key
  return totp.generate();
}

export async function others(data: Uint8Array, salt: Buffer, secret: string, issuer: string) {
  new Sha256().update(data); // finds: use:SHA-256
  stableHash(data); // finds: use:SHA-256
  ed25519.sign(data, data); // finds: use:Ed25519
  curve.sharedKey(data, data); // finds: use:X25519
  hkdf(secret, 32, { salt, hash: 'SHA-512' }); // finds: use:HKDF
  hasha(issuer, { algorithm: 'md5' }); // finds: use:MD5 weak-hash
  new SrpServer(SRP.params[4096], salt, salt, salt, salt); // finds: use:
  new Webhook(secret).verify(issuer, {}); // finds: use:HMAC-SHA-256
  await oauth.generateKeyPair('ES256'); // finds: use:ECDSA
  await client.calculatePKCECodeChallenge(oauth.generateRandomCodeVerifier()); // finds: use:SHA-256 use:CSPRNG
  await calculateJwkThumbprint({ kty: 'oct', k: secret }); // finds: use:SHA-256
}
