// Functions that others make, spread files, and numbers in arrays.
import { createHash as h, createHmac } from 'crypto';
import _ from 'lodash';

const hasher = (name: string) => (data: string) => h(name).update(data).digest('hex'); // finds: use:MD5 weak-hash use:SHA-512
export const strong = hasher('sha512');
export const weak = hasher('md5');

const all = { ...require('./values'), more: 1 };
createHmac('sha256', all.SECRET); // finds: use:HMAC-SHA-256 hardcoded-key

const token = new Array(10).fill(0).map(() => Math.random().toString(36)).join(''); // finds: weak-random
const key = Uint8Array.from({ length: 32 }, () => Math.floor(Math.random() * 256)); // finds: weak-random
createHmac('sha256', key); // finds: use:HMAC-SHA-256
const apiKey = (() => {
  const out = [];
  for (let i = 0; i < 5; i++) out.push(chars[Math.floor(Math.random() * 5)]); // finds: weak-random
  return out.join('');
})();
const pwd = _.times(8, () => Math.random().toString(36)).join(''); // finds: weak-random
const points = []; points.push(Math.random());
const inviteCode = Math.random().toString(36); // finds: weak-random
const { JWT_KEY = 'a default', OTHER } = process.env;
createHmac('sha256', JWT_KEY); // finds: use:HMAC-SHA-256 hardcoded-key
createHmac('sha256', OTHER); // finds: use:HMAC-SHA-256
