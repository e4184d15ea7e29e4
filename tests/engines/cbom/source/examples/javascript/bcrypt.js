const bcrypt = require('bcryptjs');
const argon2 = require('argon2');
const md5 = require('md5');

bcrypt.hash(password, 12); // finds: use:bcrypt
bcrypt.hashSync(password, 5); // finds: use:bcrypt low-kdf-iterations
bcrypt.genSaltSync(4); // finds: use:bcrypt low-kdf-iterations
argon2.hash(password); // finds: use:Argon2id
md5(password); // finds: use:MD5 weak-hash weak-kdf
argon2.hash(password, { memoryCost: 1024 }); // finds: use:Argon2id low-kdf-iterations
