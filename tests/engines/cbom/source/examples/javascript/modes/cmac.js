const { createCipheriv } = require('crypto');

const zeros = Buffer.alloc(16);
exports.encrypted = (key, block) => createCipheriv('aes-128-cbc', key, zeros).update(block); // finds: use:AES
exports.block = (key, block) => createCipheriv('aes-128-ecb', key, null).update(block); // finds: use:AES
exports.old = (key, block) => createCipheriv('des-ecb', key, null).update(block); // finds: use:DES weak-cipher
