import crypto, { createHash, pseudoRandomBytes } from 'node:crypto';
import bcrypt from 'bcrypt';

['md5', 'sha256'].forEach((name) => createHash(name)); // finds: use:MD5 weak-hash use:SHA-256
const digests = ['sha1'].map((name) => createHash(name)); // finds: use:SHA-1 weak-hash
Promise.resolve('md5').then((name) => createHash(name)); // finds: use:MD5 weak-hash
import('node:crypto').then((module) => module.createHash('sha1')); // finds: use:SHA-1 weak-hash
crypto.createHash.call(crypto, 'md5'); // finds: use:MD5 weak-hash
crypto.createHash.apply(crypto, ['md5']); // finds: use:MD5 weak-hash
const md5 = crypto.createHash.bind(crypto, 'md5');
md5(); // finds: use:MD5 weak-hash
bcrypt.genSalt(4, (error, salt) => bcrypt.hash('x', salt)); // finds: use:bcrypt low-kdf-iterations

const chosen = ({ name = 'md5' } = {}) => createHash(name); // finds: use:MD5 weak-hash
const { name: other = 'sha1' } = {};
createHash(other); // finds: use:SHA-1 weak-hash

class Digest {
  get name() {
    return 'md5';
  }

  made() {
    return createHash(this.name); // finds: use:MD5 weak-hash
  }
}

// Whatever form the numbers of a weak generator get, a secret of them is weak.
const password = Array.from({ length: 8 }, () => Math.floor(Math.random() * 10)).join(''); // finds: weak-random
const apiKey = 'xxxx'.replace(/x/g, () => ((Math.random() * 16) | 0).toString(16)); // finds: weak-random
const makeToken = (letters) => letters.charAt(Math.floor(Math.random() * 36)); // finds: weak-random
const salt = new Uint8Array(16);
for (let i = 0; i < 16; i++) salt[i] = Math.floor(Math.random() * 256); // finds: weak-random
const colours = ['red', 'green'].map((name) => `${name}${Math.random()}`);
const die = [1, 2, 3].find((side) => side > Math.random());
const { absent } = {};
absent(createHash('sha1')); // finds: use:SHA-1 weak-hash

// What a weak generator chooses of a text is as weak, and so is what logs a browser in.
export function chosen(response, letters = 'abcdefgh') {
  const at = Math.floor(Math.random() * letters.length); // finds: weak-random
  response.password = letters.substring(at, at + 1);
  const sessionUid = Math.floor(Math.random() * 4000000000); // finds: weak-random
  response.cookie('session', `s${Math.random()}`); // finds: weak-random
  response.cookie('theme', `t${Math.random()}`);
  response.set('session', `s${Math.random()}`);
  return sessionUid;
}

// Mixed into random data, weak ones make them no worse.
const mixedKey = new Uint8Array(random(16));
for (let i = 0; i < 16; i++) mixedKey[i] ^= Math.random() * 256;
