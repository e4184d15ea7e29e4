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
KEYUTIL.generateKeypair('RSA', 1024); // finds: use:RSA weak-key-size
new KJUR.crypto.MessageDigest({ alg: 'md5' }); // finds: use:MD5 weak-hash
const { JSEncrypt } = require('jsencrypt');
const _ = require('lodash');
const selfsigned = require('selfsigned');
new JSEncrypt({ default_key_size: 1024 }); // finds: use:RSA weak-key-size weak-padding
selfsigned.generate([], { keySize: 1024, algorithm: 'sha1' }); // finds: use:RSA weak-key-size weak-hash
const pin = _.random(1000, 9999); // finds: weak-random
const resetToken = _.sampleSize('abc', 20).join(''); // finds: weak-random
