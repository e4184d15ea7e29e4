// One nonce for all elements of an array, and one for each.
const crypto = require('crypto');
exports.once = (key, parts) => {
  const nonce = crypto.randomBytes(12); // finds: use:CSPRNG
  return parts.map((part) => crypto.createCipheriv('aes-256-gcm', key, nonce).update(part)); // finds: use:AES nonce-reuse
};
exports.each = (key, parts) => parts.map((part) => {
  const nonce = crypto.randomBytes(12); // finds: use:CSPRNG
  return crypto.createCipheriv('aes-256-gcm', key, nonce).update(part); // finds: use:AES
});
