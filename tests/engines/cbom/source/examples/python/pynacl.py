import nacl.bindings
import nacl.hash
import nacl.pwhash
import nacl.secret
import nacl.utils
from nacl.public import Box, PrivateKey
from nacl.signing import SigningKey


def boxes(key, message):
    box = nacl.secret.SecretBox(key)  # finds: use:XSalsa20-Poly1305
    box.encrypt(message)  # finds: use:XSalsa20-Poly1305
    box.encrypt(message, b"0" * 24)  # finds: use:XSalsa20-Poly1305 static-iv
    nacl.secret.SecretBox(b"k" * 32)  # finds: use:XSalsa20-Poly1305 hardcoded-key
    nacl.secret.Aead(nacl.utils.random(32))  # finds: use:XChaCha20-Poly1305 use:CSPRNG
    own = PrivateKey.generate()  # finds: use:X25519
    Box(own, key)  # finds: use:X25519
    SigningKey.generate().sign(message)  # finds: use:Ed25519
    nacl.hash.sha256(message)  # finds: use:SHA-256
    nacl.pwhash.argon2id.kdf(32, message, b"0123456789abcdef")  # finds: use:Argon2id static-salt
    nacl.pwhash.str(message)  # finds: use:Argon2id


def with_bindings(message, key, nonce):
    nacl.bindings.crypto_secretbox(message, b"\0" * 24, key)  # finds: use:XSalsa20-Poly1305 static-iv
    nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(message, b"", nonce, key)  # finds: use:XChaCha20-Poly1305
    nacl.bindings.crypto_sign(message, key)  # finds: use:Ed25519
