const forge = require('node-forge');

forge.md.md5.create(); // finds: use:MD5 weak-hash
forge.md.sha256.create(); // finds: use:SHA-256
forge.cipher.createCipher('AES-GCM', forge.random.getBytesSync(32)); // finds: use:AES use:CSPRNG
forge.cipher.createCipher('DES-ECB', key); // finds: use:DES weak-cipher ecb-mode
const cipher = forge.cipher.createCipher('AES-GCM', key); // finds: use:AES
cipher.start({ iv: '0123456789ab' }); // finds: static-iv
forge.pki.rsa.generateKeyPair(1024); // finds: use:RSA weak-key-size
forge.pki.rsa.generateKeyPair({ bits: 3072, workers: 2 }); // finds: use:RSA
forge.pkcs5.pbkdf2('password', salt, 10, 16); // finds: use:PBKDF2 low-kdf-iterations hardcoded-key
const hmac = forge.hmac.create();
hmac.start('sha256', key); // finds: use:HMAC-SHA-256
forge.rc2.createEncryptionCipher(given, 64); // finds: use:RC2 weak-cipher weak-key-size
const theirs = forge.pki.publicKeyFromPem(pem);
theirs.encrypt('text'); // finds: use:RSA weak-padding
theirs.encrypt('text', 'RSA-OAEP'); // finds: use:RSA
