import hashlib
import hmac
from hmac import digest


def made(key, message):
    hmac.new(key, message, hashlib.sha256).hexdigest()  # finds: use:HMAC-SHA-256
    hmac.new(key, message, "sha512")  # finds: use:HMAC-SHA-512
    hmac.new(key, message, digestmod=hashlib.md5)  # finds: use:HMAC-MD5 weak-hash
    hmac.new(key, message, hashlib.sha1)  # finds: use:HMAC-SHA-1
    digest(key, message, "sha384")  # finds: use:HMAC-SHA-384
    hmac.new(b"a secret key of the program", message, "sha256")  # finds: use:HMAC-SHA-256 hardcoded-key
    return hmac.compare_digest(key, message)


def cut(data, size):
    hmac.new(b""[:size], data, "sha256")  # finds: use:HMAC-SHA-256
    hmac.new(b"a key that stands here"[:size], data, "sha256")  # finds: use:HMAC-SHA-256 hardcoded-key
