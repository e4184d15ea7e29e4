const crypto = require('node:crypto');
const fs = require('node:fs');
const sha = require('sha1');
const { KEYS } = require('./frozen');

const loaded = () => new Promise((resolve) => setTimeout(() => resolve('a key that stands in the program'), 10));
const asked = () =>
  new Promise((resolve, reject) => {
    fs.readFile('key', (error, key) => (error ? reject(error) : resolve(key)));
  });
const derived = (password) =>
  new Promise((resolve, reject) => {
    crypto.scrypt(password, crypto.randomBytes(16), 32, (error, key) => { // finds: use:CSPRNG use:scrypt
      if (error) return reject(error);
      resolve(key);
    });
  });

async function run(data) {
  crypto.createHmac('sha256', await loaded()); // finds: use:HMAC-SHA-256 hardcoded-key
  crypto.createHmac('sha256', await asked()); // finds: use:HMAC-SHA-256
  crypto.createHmac('sha256', await derived(data)); // finds: use:HMAC-SHA-256
  crypto.createHmac('sha256', KEYS.first); // finds: use:HMAC-SHA-256 hardcoded-key
  loaded().then((key) => crypto.createHmac('sha256', key)); // finds: use:HMAC-SHA-256 hardcoded-key
}

exports.sha = (data) => sha(data); // finds: use:SHA-1 weak-hash
exports.make = () => crypto.createHash('md5'); // finds: use:MD5 weak-hash
exports.both = (data) => exports.make().update(data).digest('hex'); // finds: use:MD5

const size = Number('1000');
exports.slow = (password, salt) => crypto.pbkdf2Sync(password, salt, size, 32, 'sha256'); // finds: use:PBKDF2 low-kdf-iterations
exports.copied = (key, data) => {
  const nonce = new Uint8Array(crypto.randomBytes(12)); // finds: use:CSPRNG
  return crypto.createCipheriv('aes-256-gcm', key, nonce).update(data); // finds: use:AES
};
exports.zeros = (key, data) => {
  return crypto.createCipheriv('aes-256-gcm', key, new Uint8Array(12)).update(data); // finds: use:AES static-iv
};
function makeToken(length) {
  let token = '';
  for (let i = 0; i < length; i++) token += 'abc'.charAt(Math.floor(Math.random() * 3)); // finds: weak-random
  return token;
}
