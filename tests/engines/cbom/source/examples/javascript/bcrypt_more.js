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
