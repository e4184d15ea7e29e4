import crypto from 'crypto';
import Hasher, { digest, hash } from './wrapping.mjs';
import settings, { strongest } from './settings.js';
import { price } from './crypto-prices.mjs';

crypto.createHash(settings.digest); // finds: use:MD5 weak-hash
crypto.createHash(strongest); // finds: use:SHA-384
crypto.createHash(`sha${512}`); // finds: use:SHA-512
crypto.createHash(['sha', '3', '-', 256].join('').replace('3', '')); // finds: use:SHA-256
hash('sha1');
digest('sha3-256');
Hasher.of('sha224');
price.createHash('md5');
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'; // finds: disabled-certificate-check

const dice = Math.floor(Math.random() * 6) + 1;
const sessionToken = Math.random().toString(36); // finds: weak-random
