const bcrypt = require('bcrypt');
const argon2 = require('argon2');
const objectHash = require('object-hash');
const shajs = require('sha.js');

bcrypt.hashSync(password, '$2b$10$abcdefghijklmnopqrstuu'); // finds: use:bcrypt static-salt
bcrypt.hashSync(password, bcrypt.genSaltSync(12)); // finds: use:bcrypt
argon2.hash(password, { memoryCost: 65536, salt: Buffer.from('sixteen bytes...') }); // finds: use:Argon2id static-salt
argon2.hash(password, { memoryCost: 65536 }); // finds: use:Argon2id
objectHash(value); // finds: use:SHA-1 weak-hash
objectHash(value, { algorithm: 'sha256' }); // finds: use:SHA-256
shajs('sha1').update(value).digest('hex'); // finds: use:SHA-1 weak-hash

// Strings of password hashes.

const phc = require('@phc/pbkdf2');
const phcArgon2 = require('@phc/argon2');
const unixcrypt = require('unixcrypt');
const oldCrypt = require('unix-crypt-td-js');
const apacheMd5 = require('apache-md5');

phc.hash(process.argv[2], { iterations: 25000, digest: 'sha256' }); // finds: use:PBKDF2 low-kdf-iterations
phc.verify('$pbkdf2-sha512$...', process.argv[2]); // finds: use:PBKDF2
phcArgon2.hash(process.argv[2], { variant: 'id' }); // finds: use:Argon2
unixcrypt.verify(process.argv[2], '$6$...'); // finds: use:SHA-crypt
oldCrypt(process.argv[2], 'ab'); // finds: use:crypt weak-kdf
apacheMd5(process.argv[2]); // finds: use:MD5-crypt weak-kdf

const filled = Buffer.allocUnsafe(48);
require('bcrypt-pbkdf').pbkdf(process.argv[2], 8, process.env.SALT, 16, filled, 48, 16); // finds: use:bcrypt
require('crypto').createCipheriv('aes-256-gcm', filled.slice(0, 32), filled.slice(32)); // finds: use:AES
