import argparse
import asyncio
import hashlib
import hmac
import os
import random
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric import rsa


class Digest:
    name = "sha256"

    @property
    def algorithm(self):
        return "md5"

    @algorithm.setter
    def algorithm(self, value):
        self.value = value

    @cached_property
    def other(self):
        return "sha1"

    def made(self):
        return hashlib.new(self.algorithm), hashlib.new(self.other)  # finds: use:MD5 weak-hash use:SHA-1 weak-hash


digests = [make(b"x") for make in (hashlib.md5, hashlib.sha256)]  # finds: use:MD5 weak-hash use:SHA-256
named = {name: hashlib.new(name) for name in ("sha1",)}  # finds: use:SHA-1 weak-hash
mapped = list(map(hashlib.md5, [b"a"]))  # finds: use:MD5 weak-hash
make = "sha256"
sizes = [make for make in ("md5", "sha1")]
hashlib.new(make)  # finds: use:SHA-256
if (found := hashlib.sha1(b"x")) and found.name:  # finds: use:SHA-1 weak-hash
    pass


async def in_thread(loop, executor):
    await asyncio.to_thread(hashlib.md5, b"x")  # finds: use:MD5 weak-hash
    await loop.run_in_executor(None, hashlib.sha1, b"x")  # finds: use:SHA-1 weak-hash
    executor.submit(hashlib.md5, b"x")  # finds: use:MD5 weak-hash


secret_key = bytes(random.getrandbits(8) for _ in range(16))  # finds: weak-random
rolls = bytes(random.getrandbits(8) for _ in range(16))

for name, make in {"a": hashlib.md5}.items():
    make(b"x")  # finds: use:MD5 weak-hash


def names():
    yield "sha1"
    yield "sha256"


for name in names():
    hashlib.new(name)  # finds: use:SHA-1 weak-hash use:SHA-256
hashlib.new("%s%d" % ("md", 5))  # finds: use:MD5 weak-hash
hashlib.new("%s-%s" % ("md", size()))

BITS = {"small": 1024, "large": 4096}


def generate(data, kind="small"):
    rsa.generate_private_key(65537, BITS[kind])  # finds: use:RSA weak-key-size
    hashlib.scrypt(data, salt=os.urandom(16), n=2**10, r=8, p=1)  # finds: use:CSPRNG use:scrypt low-kdf-iterations
    hashlib.scrypt(data, salt=os.urandom(16), n=2**17, r=8, p=1)  # finds: use:CSPRNG use:scrypt
    hmac.new(b"\1" * rsa.KEY_SIZE, data, "sha256")  # finds: use:HMAC-SHA-256 hardcoded-key


csrf_token = hashlib.sha256(str(random.random()).encode()).hexdigest()  # finds: use:SHA-256 weak-random
etag = hashlib.sha256(str(random.random()).encode()).hexdigest()  # finds: use:SHA-256


class Etag:
    digest = staticmethod(hashlib.sha1)

    @classmethod
    def of(cls, body):
        return cls.digest(body)  # finds: use:SHA-1 weak-hash


class Parser(argparse.ArgumentParser):
    def __init__(self):
        super().__init__()
        self.add_argument("--bits", type=int, default=1024)

    def parse_args(self, args=None):
        return super().parse_args(args)


rsa.generate_private_key(65537, Parser().parse_args().bits)  # finds: use:RSA


def first(items, later):
    found = next(iter(items), None)
    if not found:
        return None
    return hashlib.md5(found)  # finds: use:MD5 weak-hash


def of_size(data, kind="large"):
    rsa.generate_private_key(65537, BITS[kind])  # finds: use:RSA
    rsa.generate_private_key(65537, BITS[data])  # finds: use:RSA weak-key-size


SECRET = os.getenv("SECRET", "")


def sealed(data):
    if not SECRET:
        raise ValueError
    return hmac.new(SECRET.encode(), data, "sha384")  # finds: use:HMAC-SHA-384
