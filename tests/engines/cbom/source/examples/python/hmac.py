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


def derived_without_salt(secret):
    hmac.new(b"\0" * 32, secret, "sha256")  # finds: use:HMAC-SHA-256
    hmac.new(bytes(32), secret, "sha256")  # finds: use:HMAC-SHA-256


def signed_for_aws(secret_key="", day="20240101"):
    hmac.new(("AWS4" + secret_key).encode(), day.encode(), hashlib.sha256)  # finds: use:HMAC-SHA-256


class Session:
    def __init__(self):
        self.key = b"\0" * 16
        self.fixed = b"signing key of the program"

    def establish(self, exchanged):
        self.key = exchanged
        self.fixed = exchanged

    def sign(self, message):
        hmac.new(self.fixed, message, "sha256")  # finds: use:HMAC-SHA-256 hardcoded-key
        return hmac.new(self.key, message, "sha256").digest()  # finds: use:HMAC-SHA-256


def inner_length(name="sha1"):
    return hashlib.new(name).digest_size + hashlib.md5().block_size  # finds: use:MD5 use:SHA-1


def wallet(seed):
    hmac.new(b"Bitcoin seed", seed, hashlib.sha512)  # finds: use:HMAC-SHA-512


class Request:
    def __init__(self, secret=None):
        self.secret = secret

    def sign(self, message, day):
        key = hmac.new(f"AWS4{self.secret}".encode(), day, "sha256").digest()  # finds: use:HMAC-SHA-256
        return hmac.new(key, message, "sha256").digest()  # finds: use:HMAC-SHA-256
