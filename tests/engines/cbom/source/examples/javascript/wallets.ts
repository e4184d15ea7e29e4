import { Keypair } from '@solana/web3.js';
import { blake2AsHex, keccakAsU8a } from '@polkadot/util-crypto';
import * as ed25519 from '@stablelib/ed25519';
import { hash as stableHash } from '@stablelib/sha256';
import { BIP32Factory } from 'bip32';
import * as bitcoin from 'bitcoinjs-lib';
import { ECPairFactory } from 'ecpair';
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
  stableHash(seed); // finds: use:SHA-256
  ed25519.sign(seed, seed); // finds: use:Ed25519
}
