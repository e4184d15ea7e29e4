const openpgp = require('openpgp');
const sjcl = require('sjcl');
const { KEYUTIL, KJUR } = require('jsrsasign');

openpgp.generateKey({ type: 'rsa', rsaBits: 1024, userIDs: [] }); // finds: use:RSA weak-key-size
openpgp.generateKey({ type: 'rsa', rsaBits: 4096, userIDs: [] }); // finds: use:RSA
openpgp.encrypt({ message, passwords: [password] }); // finds: use:AES
sjcl.encrypt('password', 'data'); // finds: use:AES hardcoded-key
sjcl.hash.sha1.hash('x'); // finds: use:SHA-1 weak-hash
sjcl.hash.sha256.hash(password); // finds: use:SHA-256 weak-kdf
sjcl.misc.pbkdf2(password, salt, 1000); // finds: use:PBKDF2 low-kdf-iterations
sjcl.misc.cachedPbkdf2(password, { iter: 1000, salt }); // finds: use:PBKDF2 low-kdf-iterations
KEYUTIL.generateKeypair('RSA', 1024); // finds: use:RSA weak-key-size
new KJUR.crypto.MessageDigest({ alg: 'md5' }); // finds: use:MD5 weak-hash
const { JSEncrypt } = require('jsencrypt');
const _ = require('lodash');
const selfsigned = require('selfsigned');
const box = new JSEncrypt({ default_key_size: 1024 }); // finds: use:RSA weak-key-size
box.encrypt(password); // finds: use:RSA weak-padding
box.sign(text, sha256, 'sha256'); // finds: use:RSA
selfsigned.generate([], { keySize: 1024, algorithm: 'sha1' }); // finds: use:RSA weak-key-size weak-hash
const pin = _.random(1000, 9999); // finds: weak-random
const resetToken = _.sampleSize('abc', 20).join(''); // finds: weak-random

const { customAlphabet: fast } = require('nanoid/non-secure');
const { customAlphabet } = require('nanoid');
const Cryptr = require('cryptr');
const seedrandom = require('seedrandom');
const NodeRSA = require('node-rsa');
const sessionToken = fast('0123456789abcdef', 32)(); // finds: weak-random
const accessToken = customAlphabet('0123456789abcdef', 32)(); // finds: use:CSPRNG
const cryptr = new Cryptr('a secret of this application'); // finds: use:AES hardcoded-key
const ours = new Cryptr(process.env.SECRET); // finds: use:AES
const token = seedrandom('fixed')(); // finds: weak-random static-seed
const colours = seedrandom('fixed');
const rsa = new NodeRSA({ b: 2048 }); // finds: use:RSA
rsa.setOptions({ encryptionScheme: 'pkcs1' }); // finds: weak-padding
rsa.setOptions({ encryptionScheme: 'pkcs1_oaep' });
sjcl.encrypt(process.env.SECRET, 'data', { mode: 'gcm', ks: 256, iter: 1000 }); // finds: use:AES use:PBKDF2 low-kdf-iterations
const hashJs = require('hash.js');
hashJs.hmac(hashJs.sha512, key).update(message).digest(); // finds: use:HMAC-SHA-512
let generatedPassword = '';
for (let i = 0; i < 8; i++) generatedPassword += String.fromCharCode(33 + Math.random() * 94); // finds: weak-random
