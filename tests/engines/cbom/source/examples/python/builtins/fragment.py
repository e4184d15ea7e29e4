# A part of a program, without its imports.
hashlib.md5(data)  # finds: use:MD5 weak-hash
ssl._create_unverified_context()  # finds: use:TLS disabled-certificate-check


def given(hashlib):
    hashlib.md5(b"")


Crypto.Cipher.ARC4.new(key)  # finds: use:RC4 weak-cipher
Cryptodome.Cipher.DES.new(key, 1)  # finds: use:DES weak-cipher ecb-mode
encoded = jwt.encode({"some": "payload"}, "secret", algorithm="HS256")  # finds: use:HMAC-SHA-256 hardcoded-key
