const crypto = require('crypto');
const { createHash, randomBytes: random } = require('node:crypto');

crypto.createHash('md5').update('data').digest('hex'); // finds: use:MD5 weak-hash
createHash('sha256').update('data').digest(); // finds: use:SHA-256
crypto['createHash']('sha1'); // finds: use:SHA-1 weak-hash
const hashers = { old: 'md5', good: 'sha512' };
createHash(hashers.good); // finds: use:SHA-512

function cipher(key, iv) {
  crypto.createCipheriv('aes-256-gcm', key, iv); // finds: use:AES
  crypto.createCipheriv('aes-128-ecb', key, null); // finds: use:AES ecb-mode
  crypto.createCipheriv('aes-256-gcm', key, Buffer.alloc(12, 0)); // finds: use:AES static-iv
  crypto.createCipheriv('des-ede3-cbc', key, random(8)); // finds: use:3DES use:CSPRNG weak-cipher unauthenticated-mode
  crypto.createCipheriv('aes-256-gcm', 'a key of thirty-two bytes, fixed', random(12)); // finds: use:AES use:CSPRNG hardcoded-key
  return crypto.createCipher('aes-256-gcm', key); // finds: use:AES weak-kdf
}

const encrypt = (algorithm, key, iv) => crypto.createCipheriv(algorithm, key, iv); // finds: use:RC4 weak-cipher
encrypt('rc4', random(16), ''); // finds: use:CSPRNG

class Vault {
  #algorithm = 'aes-256-gcm';

  constructor(key = 'the default key of this class!!!') {
    this.key = key;
    this.iv = Buffer.from('000000000000000000000000', 'hex');
  }

  seal() {
    return crypto.createCipheriv(this.#algorithm, this.key, this.iv); // finds: use:AES hardcoded-key static-iv
  }
}

function keys(password, salt) {
  crypto.pbkdf2Sync(password, salt, 1000, 32, 'sha256'); // finds: use:PBKDF2 low-kdf-iterations
  crypto.pbkdf2(password, salt, 600000, 32, 'sha512', () => {}); // finds: use:PBKDF2
  crypto.scryptSync(password, 'salt', 32); // finds: use:scrypt static-salt
  crypto.createHmac('sha256', 'the secret of this program').update('x'); // finds: use:HMAC-SHA-256 hardcoded-key
  crypto.createHmac('md5', password); // finds: use:HMAC-MD5 weak-hash
  crypto.generateKeyPairSync('rsa', { modulusLength: 1024 }); // finds: use:RSA weak-key-size
  crypto.generateKeyPairSync('rsa', { modulusLength: 3072 }); // finds: use:RSA
  crypto.generateKeyPairSync('ec', { namedCurve: 'secp192k1' }); // finds: use:EC weak-key-size
  crypto.createSign('RSA-SHA1').sign(password); // finds: use:RSA weak-hash
  crypto.createECDH('prime256v1'); // finds: use:ECDH
  crypto.createDiffieHellman(512); // finds: use:DH weak-key-size
  crypto.publicEncrypt({ key: password, padding: crypto.constants.RSA_PKCS1_PADDING }, salt); // finds: use:RSA weak-padding
  crypto.publicEncrypt(password, salt); // finds: use:RSA
}

// Nothing by its name alone.
const createCipher = (name) => name;
createCipher('des');
const text = "crypto.createHash('md5')";

function repeated(key, message) {
  const iv = crypto.randomBytes(12); // finds: use:CSPRNG
  crypto.createCipheriv('aes-256-gcm', key, iv).update(message); // finds: use:AES
  crypto.createDecipheriv('aes-256-gcm', key, iv).update(message); // finds: use:AES unverified-signature
  return crypto.createCipheriv('aes-256-gcm', key, iv).update(message); // finds: use:AES nonce-reuse
}

const nonceOfNone = crypto.randomBytes(16); // finds: use:CSPRNG
crypto.createCipheriv('aes-256-ecb', process.env.KEY, nonceOfNone); // finds: use:AES ecb-mode
crypto.createCipheriv('aes-256-ecb', process.env.KEY, nonceOfNone); // finds: use:AES ecb-mode
crypto.diffieHellman({ privateKey, publicKey }); // finds: use:ECDH

const bytes = require('randombytes')(16); // finds: use:CSPRNG
crypto.createPrivateKey({ key: process.env.PEM, passphrase: 'open sesame' }); // finds: hardcoded-key
crypto.createPrivateKey({ key: process.env.PEM, passphrase: process.env.PASS });
crypto.sign(null, bytes, process.env.PEM); // finds: use:EdDSA
crypto.pseudoRandomBytes(16); // finds: use:CSPRNG

// What is known of a pair of keys is known where it signs.
const ed = crypto.generateKeyPairSync('ed25519'); // finds: use:Ed25519
crypto.sign(null, data, ed.privateKey); // finds: use:Ed25519
crypto.sign(null, data, received); // finds: use:EdDSA
const { publicKey: halfPublic, privateKey: half } = crypto.generateKeyPairSync('rsa', { modulusLength: 1024 }); // finds: use:RSA weak-key-size
crypto.createSign('sha256').update(data).sign(half); // finds: use:SHA-256 use:RSA
crypto.generateKeyPair('x25519', {}, (error, mine, secret) => { // finds: use:X25519
  crypto.diffieHellman({ privateKey: secret, publicKey: theirs }); // finds: use:X25519
});

// The beginning and the end of a name tell the algorithm and its mode.
function sized(key, iv) {
  crypto.createCipheriv(`aes-${key.length * 8}-ecb`, key, null); // finds: use:AES ecb-mode
  crypto.createCipheriv('aes-' + key.length * 8 + '-gcm', key, iv); // finds: use:AES
  crypto.createHash(`sha${key.length}-x`);
}

function generateIdForToken() {
  return Math.random();
}

// Of a name that is put together, the beginning may tell enough.
crypto.createSign('RSA-SHA' + bits); // finds: use:RSA
crypto.createCipheriv('aes-' + bits, key, nonce); // finds: use:AES
crypto.createHash('sha' + bits);

const again = require('node:module').createRequire(__filename);
again('crypto').createHash('md5'); // finds: use:MD5 weak-hash
process.getBuiltinModule('node:crypto').createHash('md5'); // finds: use:MD5 weak-hash
const { Crypto } = require('@peculiar/webcrypto');
new Crypto().subtle.digest('SHA-1', data); // finds: use:SHA-1 weak-hash

const loadedKey = crypto.createPrivateKey(process.env.PEM); // finds: use:
crypto.createPublicKey(loadedKey); // finds: use:

// A nonce that is a part of the key, or a filled array.
function derived(key, text) {
  const iv = key.slice(0, 16);
  const other = Buffer.from(Array(12).fill(0));
  const rest = key.subarray(16);
  crypto.createCipheriv('aes-256-gcm', key, iv).update(text); // finds: use:AES static-iv
  crypto.createCipheriv('aes-256-gcm', key, other).update(text); // finds: use:AES static-iv
  return crypto.createCipheriv('aes-256-gcm', rest, iv).update(text); // finds: use:AES
}
