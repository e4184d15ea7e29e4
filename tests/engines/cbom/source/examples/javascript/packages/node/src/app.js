const crypto = require("crypto");
const { hash } = require("#names");
const deep = require("#deep/names");

crypto.createHash(hash); // finds: use:MD5 weak-hash
crypto.createHash(deep.hash); // finds: use:MD5 weak-hash
