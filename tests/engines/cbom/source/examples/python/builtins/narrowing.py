import hashlib
import hmac
import random

import jwt
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

FAILED = "the password could not be read"


def annotated(key: str, data: bytes, text: str):
    hmac.new(key.encode("utf-8"), data, "sha256")  # finds: use:HMAC-SHA-256
    hmac.new(text.encode("ascii"), data, "sha256")  # finds: use:HMAC-SHA-256
    hmac.new(str.encode("a key of the program"), data, "sha256")  # finds: use:HMAC-SHA-256 hardcoded-key


def excluded(read, data):
    key = FAILED if read.failed else read()
    if key == FAILED:
        key = read(again=True)
    hmac.new(key, data, "sha256")  # finds: use:HMAC-SHA-256


def kept(data, read, key="a key of the program"):
    if not key:
        key = read()
    hmac.new(key, data, "sha256")  # finds: use:HMAC-SHA-256 hardcoded-key


def replaced(data, read, key=""):
    if not key:
        key = read()
    hashlib.new("md5" if key else "sha256", data)  # finds: use:MD5 weak-hash use:SHA-256


def filtered(token, key):
    allowed = [name for name in ("none", "ES256") if name != "none"]
    jwt.decode(token, key, algorithms=allowed)  # finds: use:ECDSA


def filled_later(fragments, data):
    key = b""
    for each in fragments:
        key += each
    hmac.new(key[:5] + b"\xe5\x38", data, "sha256")  # finds: use:HMAC-SHA-256


class Site:
    def __init__(self):
        self.secret = None

    def start(self, read):
        self.secret = read()

    def token(self, claims):
        return jwt.encode(claims, self.secret, algorithm="HS256")  # finds: use:HMAC-SHA-256


def in_lines(key, data):
    cipher = Cipher(algorithms.AES(key),  # finds: use:AES ecb-mode
                    modes.ECB())
    return cipher.encryptor().update(data)  # finds: use:AES


def apart(build):
    build(modes.ECB())  # finds: ecb-mode


cookie_suffix = "".join(random.choice("abcdef") for _ in range(8))
