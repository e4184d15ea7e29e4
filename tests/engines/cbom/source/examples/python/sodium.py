import libnacl
import libnacl.secret
import libnacl.utils
import pysodium


def boxes(key, text):
    nonce = pysodium.randombytes(24)  # finds: use:CSPRNG
    pysodium.crypto_secretbox(text, nonce, key)  # finds: use:XSalsa20-Poly1305
    libnacl.crypto_secretbox(text, b"\0" * 24, key)  # finds: use:XSalsa20-Poly1305 static-iv
    libnacl.crypto_secretbox_open(text, b"\0" * 24, key)  # finds: use:XSalsa20-Poly1305
    libnacl.secret.SecretBox(b"0" * 32)  # finds: use:XSalsa20-Poly1305 hardcoded-key
    libnacl.secret.SecretBox(libnacl.utils.salsa_key())  # finds: use:XSalsa20-Poly1305 use:CSPRNG
    pysodium.crypto_aead_xchacha20poly1305_ietf_encrypt(text, b"", nonce, key)  # finds: use:ChaCha20-Poly1305


def others(key, text, word, salt):
    pysodium.crypto_box_keypair()  # finds: use:X25519
    libnacl.crypto_sign(text, key)  # finds: use:Ed25519
    pysodium.crypto_generichash(text)  # finds: use:BLAKE2b
    libnacl.crypto_hash_sha256(text)  # finds: use:SHA-256
    pysodium.crypto_pwhash(32, word, b"of all users 123")  # finds: use:Argon2id static-salt
    return pysodium.crypto_pwhash(32, word, salt)  # finds: use:Argon2id
