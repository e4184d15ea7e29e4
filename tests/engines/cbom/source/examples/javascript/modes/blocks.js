const { createCipheriv } = require('crypto');

exports.block = (key, block) => createCipheriv('aes-128-ecb', key, null).update(block); // finds: use:AES ecb-mode
