// Whether the tag of an authenticated mode is verified, which the last call of the object does.
const crypto = require('crypto');

function unverified(key, iv, tag, sealed) {
  const decipher = crypto.createDecipheriv('aes-256-gcm', key, iv); // finds: use:AES
  decipher.setAuthTag(tag);
  return decipher.update(sealed, 'hex', 'utf8'); // finds: use:AES unverified-signature
}

function verified(key, iv, tag, sealed) {
  const decipher = crypto.createDecipheriv('aes-256-gcm', key, iv); // finds: use:AES
  decipher.setAuthTag(tag);
  return Buffer.concat([decipher.update(sealed), decipher.final()]); // finds: use:AES
}

function streamed(key, iv, source, sink) {
  const decipher = crypto.createDecipheriv('chacha20-poly1305', key, iv); // finds: use:ChaCha20-Poly1305
  source.on('data', (part) => sink.write(decipher.update(part))); // finds: use:ChaCha20-Poly1305
  source.on('end', () => decipher.final());
}

class Reader {
  constructor(key, iv) {
    this.decipher = crypto.createDecipheriv('aes-128-gcm', key, iv); // finds: use:AES
  }

  part(data) {
    return this.decipher.update(data); // finds: use:AES
  }

  end() {
    this.decipher.final();
  }
}

function sealed(key, iv, text) {
  return crypto.createCipheriv('aes-256-gcm', key, iv).update(text); // finds: use:AES
}
