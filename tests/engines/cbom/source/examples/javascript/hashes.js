const MD5 = require('md5.js');
const Rusha = require('rusha');
const sha256 = require('fast-sha256');
const createKeccakHash = require('keccak');
const { SHA3, Keccak } = require('sha3');
const ssri = require('ssri');
const md5File = require('md5-file');
const checksum = require('checksum');
const randomstring = require('randomstring');
const generator = require('generate-password');
const scryptsy = require('scryptsy');
const scryptAsync = require('scrypt-async');
const argon2 = require('argon2-browser');
const SecurePassword = require('secure-password');
const local = require('./checksum');

new MD5().update('x').digest(); // finds: use:MD5 weak-hash
md5File.sync('a.txt'); // finds: use:MD5 weak-hash
Rusha.createHash().update('x'); // finds: use:SHA-1 weak-hash
sha256.hash(new Uint8Array(3)); // finds: use:SHA-256
sha256.hmac(process.env.KEY, new Uint8Array(3)); // finds: use:HMAC-SHA-256
sha256.pbkdf2(process.argv[2], process.env.SALT, 1000, 32); // finds: use:PBKDF2 low-kdf-iterations
createKeccakHash('keccak256').update('x'); // finds: use:Keccak
new SHA3(256); // finds: use:SHA3-256
new SHA3(); // finds: use:SHA3-512
new Keccak(256); // finds: use:Keccak
ssri.fromData('x', { algorithms: ['sha1'] }); // finds: use:SHA-1 weak-hash
ssri.fromData('x'); // finds: use:SHA-512
checksum('x'); // finds: use:SHA-1 weak-hash
checksum('x', { algorithm: 'sha256' }); // finds: use:SHA-256
local('x'); // finds:

const token = randomstring.generate(20); // finds: use:CSPRNG
const password = generator.generate({ length: 20 }); // finds: use:CSPRNG
scryptsy(process.argv[2], process.env.SALT, 1024, 8, 1, 32); // finds: use:scrypt low-kdf-iterations
scryptAsync(process.argv[2], process.env.SALT, { N: 16384, r: 8, p: 1 }, () => {}); // finds: use:scrypt
argon2.hash({ pass: process.argv[2], salt: 'somesalt' }); // finds: use:Argon2 static-salt
new SecurePassword().hash(Buffer.from(process.argv[2])); // finds: use:Argon2id

// OpenSSL's names of hashes by the signatures that they are for.
import { createHash, createSign } from 'node:crypto';

createHash('RSA-MD4'); // finds: use:MD4 weak-hash
createHash('RSA-SHA256'); // finds: use:SHA-256
createSign('RSA-SHA256'); // finds: use:RSA
