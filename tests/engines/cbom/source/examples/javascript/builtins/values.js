exports.SECRET = 'of the file';

// Members and names that are put together.
const library = crypto;
library['create' + 'Hash']('md5'); // finds: use:MD5 weak-hash
Reflect.apply(crypto.createHash, crypto, ['sha1']); // finds: use:SHA-1 weak-hash
crypto.createHash(Buffer.from('bWQ1', 'base64').toString()); // finds: use:MD5 weak-hash
crypto.createHash(atob('c2hhMjU2')); // finds: use:SHA-256
