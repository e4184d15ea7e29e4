import { ec as EC } from 'elliptic';
import nacl from 'tweetnacl';
import { sha256 } from '@noble/hashes/sha2.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { hmac } from '@noble/hashes/hmac';
import { ed25519 } from '@noble/curves/ed25519';
import { gcm } from '@noble/ciphers/aes';

const curve = new EC('secp256k1'); // finds: use:ECDSA
new EC('p192'); // finds: use:ECDSA weak-key-size
nacl.secretbox(message, nacl.randomBytes(24), key); // finds: use:XSalsa20-Poly1305 use:CSPRNG
nacl.secretbox(message, new Uint8Array(24), key); // finds: use:XSalsa20-Poly1305 static-iv
nacl.sign.detached(message, key); // finds: use:Ed25519
nacl.box(message, nonce, theirs, mine); // finds: use:X25519
sha256(message); // finds: use:SHA-256
sha1(message); // finds: use:SHA-1 weak-hash
hmac(sha256, key, message); // finds: use:HMAC-SHA-256
ed25519.sign(message, key); // finds: use:Ed25519
gcm(key, nonce).encrypt(message); // finds: use:AES
const streamed = sha256.create().update(message); // finds: use:SHA-256

import elliptic from 'elliptic';
import NodeRSA from 'node-rsa';

const p384 = elliptic.ec('p384'); // finds: use:ECDSA
const pair = p384.genKeyPair(); // finds: use:ECDSA
pair.sign(message); // finds: use:ECDSA
pair.derive(theirs.getPublic()); // finds: use:ECDH
p384.keyFromPrivate('00112233445566778899aabbccddeeff', 'hex').sign(message); // finds: use:ECDSA hardcoded-key
p384.keyFromPublic(theirs).verify(message, signature); // finds: use:ECDSA unverified-signature
const edwards = new elliptic.eddsa('ed25519'); // finds: use:Ed25519
edwards.sign(message, secret); // finds: use:Ed25519
edwards.keyFromSecret(secret).sign(message); // finds: use:EdDSA
const rsa = new NodeRSA(pem); // finds: use:RSA
rsa.encrypt(message); // finds: use:RSA
rsa.sign(message); // finds: use:RSA
