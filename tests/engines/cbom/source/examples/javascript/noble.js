import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { ripemd160 } from '@noble/hashes/ripemd160';
import { keccak_256 } from '@noble/hashes/sha3';
import { blake3 } from '@noble/hashes/blake3';
import { hmac } from '@noble/hashes/hmac.js';
import { pbkdf2Async } from '@noble/hashes/pbkdf2';
import { scrypt } from '@noble/hashes/scrypt';
import { argon2id } from '@noble/hashes/argon2';
import { hkdf } from '@noble/hashes/hkdf';
import { randomBytes } from '@noble/hashes/utils';
import { p256 } from '@noble/curves/p256';
import { p384 } from '@noble/curves/nist.js';
import { secp256k1, schnorr } from '@noble/curves/secp256k1';
import { ed448, x448 } from '@noble/curves/ed448';
import { x25519 } from '@noble/curves/ed25519.js';
import * as secp from '@noble/secp256k1';
import { cbc, gcm } from '@noble/ciphers/aes';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { secretbox } from '@noble/ciphers/salsa';
import { ml_kem768 } from '@noble/post-quantum/ml-kem';
import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js';
import { slh_dsa_sha2_128s } from '@noble/post-quantum/slh-dsa';

sha256(ripemd160(keccak_256(data))); // finds: use:SHA-256 use:RIPEMD-160 weak-hash use:Keccak
blake3(data); // finds: use:BLAKE3
hmac(sha512, 'in the source', data); // finds: use:HMAC-SHA-512 hardcoded-key
pbkdf2Async(sha256, password, salt, { c: 1000, dkLen: 32 }); // finds: use:PBKDF2 low-kdf-iterations
scrypt(password, randomBytes(16), { N: 2 ** 17, r: 8, p: 1 }); // finds: use:scrypt use:CSPRNG
argon2id(password, salt, { t: 2, m: 65536, p: 1 }); // finds: use:Argon2id
hkdf(sha256, key, salt, 'info', 32); // finds: use:HKDF
p256.sign(message, key); // finds: use:ECDSA
p384.getSharedSecret(key, theirs); // finds: use:ECDH
secp256k1.verify(signature, message, theirs); // finds: use:ECDSA unverified-signature
schnorr.sign(message, key); // finds: use:Schnorr
ed448.sign(message, key); // finds: use:Ed448
x448.getSharedSecret(key, theirs); // finds: use:X448
x25519.getPublicKey(key); // finds: use:X25519
secp.signAsync(message, key); // finds: use:ECDSA
cbc(key, new Uint8Array(16)).encrypt(data); // finds: use:AES static-iv
gcm(key, randomBytes(12)).encrypt(data); // finds: use:AES use:CSPRNG
xchacha20poly1305(key, nonce).encrypt(data); // finds: use:XChaCha20-Poly1305
secretbox(key, nonce); // finds: use:XSalsa20-Poly1305
ml_kem768.encapsulate(theirs); // finds: use:ML-KEM-768
ml_dsa65.sign(key, message); // finds: use:ML-DSA-65
slh_dsa_sha2_128s.keygen(); // finds: use:SLH-DSA
