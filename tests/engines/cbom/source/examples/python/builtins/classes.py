import hashlib
import hmac
import os
from dataclasses import dataclass
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from Crypto.Cipher import AES


class Box:
    def __init__(self, key):
        self._aead = AESGCM(key)  # finds: use:AES
        self._nonce = os.urandom(12)  # finds: use:CSPRNG

    def seal_kept(self, data):
        return self._aead.encrypt(self._nonce, data, None)  # finds: use:AES nonce-reuse

    def seal(self, data):
        nonce = os.urandom(12)  # finds: use:CSPRNG
        return nonce + self._aead.encrypt(nonce, data, None)  # finds: use:AES


class Parameters(NamedTuple):
    key: bytes
    mode: int


def parameters():
    return Parameters(b"k" * 16, AES.MODE_ECB)


def encrypt(data):
    chosen = parameters()
    return AES.new(chosen.key, chosen.mode).encrypt(data)  # finds: use:AES ecb-mode hardcoded-key


class Signer:
    digest = None

    def __init__(self, key, name="sha256"):
        self.key = key
        self.name = name

    def sign(self, data):
        return hmac.new(self.key, data, self.name)  # finds: use:HMAC-SHA-256 hardcoded-key

    def checksum(self, data):
        return hashlib.new(self.digest, data)  # finds: use:SHA-1 weak-hash use:SHA-512

    def greet(self):
        return self.digest


class Fixed(Signer):
    digest = "sha1"

    def __init__(self):
        super().__init__(b"a key that stands in the program")


class Given(Signer):
    digest = "sha512"


class Session:
    def __init__(self):
        self.key = None
        self.state = {"dialect": ""}
        self.digest = "sha256"

    def signed(self, data):
        if self.key is None:
            return None
        return hmac.new(self.key, data, "sha256")  # finds: use:HMAC-SHA-256

    def hashed(self, data):
        if self.state["dialect"] == "old":
            return hashlib.sha1(data)  # finds: use:SHA-1 weak-hash
        return hashlib.md5(data) if self.digest == "md5" else None  # finds: use:MD5 weak-hash

    def start(self, key, dialect):
        self.key, self.state["dialect"], self.digest = key, dialect, "md5"


@dataclass
class Statement:
    key: bytes | None = None


@dataclass
class Signed(Statement):
    digest: str = "sha1"


def checked(statement: Signed, data):
    if not statement.key:
        raise ValueError("no key")
    if statement.digest == "md5":
        hashlib.md5(data)  # finds: use:MD5 weak-hash
    return hashlib.sha256(data)  # finds: use:SHA-256


class Opened:
    def __init__(self, old=False):
        self.key = None
        self.old = old

    def seal(self, message):
        if self.key is None:
            raise ValueError
        if self.old:
            return hashlib.md5(message)
        return AES.new(self.key, AES.MODE_GCM).encrypt(message)  # finds: use:AES

    def open(self, key):
        self.key = key


opened = Opened()
opened.open(open("key", "rb").read())
Opened().seal(b"a message")
