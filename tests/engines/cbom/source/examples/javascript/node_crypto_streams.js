const crypto = require('crypto');
const CryptoJS = require('crypto-js');

function store(password, page) {
  crypto.createHash('sha256').write(password); // finds: use:SHA-256 weak-kdf
  crypto.createHash('sha256').end(page); // finds: use:SHA-256
}
CryptoJS.algo.PBKDF2.create({ keySize: 2, iterations: 600000 }); // finds: use:PBKDF2 weak-key-size
crypto.getDiffieHellman('modp2'); // finds: use:DH weak-key-size
crypto.createDecipher('aes192', page); // finds: use:AES weak-kdf unauthenticated-mode
crypto.sign('sha256', page, { key, padding: crypto.constants.RSA_PKCS1_PSS_PADDING }); // finds: use:RSA use:SHA-256
