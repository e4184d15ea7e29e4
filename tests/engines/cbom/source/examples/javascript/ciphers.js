import DES from 'des.js';
import { AES_CBC, AES_ECB, AES_GCM, HMAC_SHA256, PBKDF2_HMAC_SHA256, SHA1 } from 'asmcrypto.js';
import { sm2, sm3, sm4 } from 'sm-crypto';
import aes256 from 'aes256';
import eccrypto from 'eccrypto';
import { decrypt } from 'eciesjs';
import ece from 'http_ece';
import passworder from '@metamask/browser-passworder';
import SimpleCrypto from 'simple-crypto-js';
import CryptoES from 'crypto-es';
import { createCipheriv } from 'browserify-cipher';
import createECDH from 'create-ecdh';

DES.DES.create({ type: 'encrypt', key: process.env.KEY }); // finds: use:DES weak-cipher
DES.EDE.create({ type: 'encrypt', key: process.env.KEY }); // finds: use:3DES weak-cipher
AES_GCM.encrypt(new Uint8Array(2), process.env.KEY, new Uint8Array(12)); // finds: use:AES static-iv
AES_ECB.encrypt(new Uint8Array(2), process.env.KEY); // finds: use:AES ecb-mode
AES_CBC.decrypt(new Uint8Array(2), process.env.KEY, false, process.env.IV); // finds: use:AES
SHA1.hex('x'); // finds: use:SHA-1 weak-hash
HMAC_SHA256.hex('x', process.env.KEY); // finds: use:HMAC-SHA-256
PBKDF2_HMAC_SHA256.bytes(process.argv[2], process.env.SALT, 100, 32); // finds: use:PBKDF2 low-kdf-iterations
sm2.doEncrypt('x', process.env.KEY); // finds: use:SM2
sm3('x'); // finds: use:SM3
sm4.encrypt('x', process.env.KEY); // finds: use:SM4 ecb-mode
sm4.encrypt('x', process.env.KEY, { mode: 'cbc', iv: process.env.IV }); // finds: use:SM4
aes256.encrypt('my passphrase', 'x'); // finds: use:AES hardcoded-key
eccrypto.sign(process.env.KEY, new Uint8Array(32)); // finds: use:ECDSA
eccrypto.derive(process.env.KEY, process.env.OTHER); // finds: use:ECDH
decrypt(process.env.KEY, new Uint8Array(99)); // finds: use:ECIES
ece.encrypt(new Uint8Array(9), { key: process.env.KEY }); // finds: use:AES
passworder.encrypt('a password in the source', {}); // finds: use:AES hardcoded-key
new SimpleCrypto(process.env.KEY); // finds: use:AES
CryptoES.MD5('x'); // finds: use:MD5 weak-hash
createCipheriv('aes-128-ecb', process.env.KEY, null); // finds: use:AES ecb-mode
createECDH('secp256k1'); // finds: use:ECDH
