const sodium = require('libsodium-wrappers');
const native = require('sodium-native');
const nacl = require('tweetnacl');

async function all(message, key, password, theirs) {
  await sodium.ready;
  const nonce = sodium.randombytes_buf(sodium.crypto_secretbox_NONCEBYTES); // finds: use:CSPRNG
  sodium.crypto_secretbox_easy(message, nonce, key); // finds: use:XSalsa20-Poly1305
  sodium.crypto_secretbox_easy(message, new Uint8Array(24), key); // finds: use:XSalsa20-Poly1305 static-iv
  sodium.crypto_secretbox_open_easy(message, nonce, key); // finds: use:XSalsa20-Poly1305
  sodium.crypto_aead_chacha20poly1305_ietf_encrypt(message, null, null, new Uint8Array(12), key); // finds: use:ChaCha20-Poly1305 static-iv
  sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, message, null, nonce, key); // finds: use:XChaCha20-Poly1305
  sodium.crypto_pwhash(32, password, 'sixteen bytes...', 2, 67108864, sodium.crypto_pwhash_ALG_DEFAULT); // finds: use:Argon2id static-salt
  sodium.crypto_pwhash(32, password, sodium.randombytes_buf(16), 1, 8192, 2); // finds: use:Argon2id use:CSPRNG
  sodium.crypto_pwhash_str(password, 3, 67108864); // finds: use:Argon2id
  sodium.crypto_generichash(32, message); // finds: use:BLAKE2b
  sodium.crypto_hash_sha256(message); // finds: use:SHA-256
  sodium.crypto_hash(message); // finds: use:SHA-512
  sodium.crypto_auth(message, 'a key of thirty-two bytes, fixed'); // finds: use:HMAC-SHA-512 hardcoded-key
  sodium.crypto_sign_detached(message, key); // finds: use:Ed25519
  sodium.crypto_box_easy(message, nonce, theirs, key); // finds: use:X25519
  sodium.crypto_kx_client_session_keys(key, key, theirs); // finds: use:X25519
  sodium.crypto_kdf_derive_from_key(32, 1, 'context_', key); // finds: use:BLAKE2b
  sodium.memcmp(message, key);
}

function inPlace(message, nonce, key) {
  const box = Buffer.alloc(message.length + native.crypto_secretbox_MACBYTES);
  native.randombytes_buf(nonce); // finds: use:CSPRNG
  native.crypto_secretbox_easy(box, message, nonce, key); // finds: use:XSalsa20-Poly1305
  native.crypto_pwhash_str(box, message, 2, 67108864); // finds: use:Argon2id
}

nacl.sign.keyPair.fromSeed(new Uint8Array(32)); // finds: use:Ed25519 hardcoded-key
nacl.sign.keyPair.fromSeed(received); // finds: use:Ed25519
nacl.box(message, new Uint8Array(nacl.box.nonceLength), theirs, mine); // finds: use:X25519 static-iv
nacl.hash(message); // finds: use:SHA-512
