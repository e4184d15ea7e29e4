// A nonce with a counter in it isn't constant, though it begins at 0.
const crypto = require('crypto');
class Channel {
  constructor(key) { this.key = key; this.sent = 0; this.version = 1; }
  send(data) {
    const nonce = Buffer.alloc(12);
    put(nonce, this.sent, 0);
    ++this.sent;
    return crypto.createCipheriv('aes-256-gcm', this.key, nonce).update(data); // finds: use:AES
  }
  fixed(data) {
    const nonce = Buffer.alloc(12);
    put(nonce, this.version, 0);
    return crypto.createCipheriv('aes-256-gcm', this.key, nonce).update(data); // finds: use:AES static-iv
  }
}
function put(buffer, value, offset) { buffer[offset] = value; }
exports.Channel = Channel;
