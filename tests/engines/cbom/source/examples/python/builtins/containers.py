import copy
import hashlib
from collections import namedtuple
from contextlib import contextmanager
from types import MappingProxyType, SimpleNamespace
from typing import cast

from cryptography.hazmat.primitives.asymmetric import rsa

first, *others = "sha256", "md5", "sha1"
hashlib.new(first)  # finds: use:SHA-256
hashlib.new(others[0])  # finds: use:MD5 weak-hash

Suite = namedtuple("Suite", "name bits")
small = Suite("sha1", bits=1024)
hashlib.new(small.name)  # finds: use:SHA-1 weak-hash
rsa.generate_private_key(65537, small.bits)  # finds: use:RSA weak-key-size
hashlib.new(SimpleNamespace(name="md5").name)  # finds: use:MD5 weak-hash

table = {"new": "sha256"}
table.update(old="md5")
table.update({"older": "sha1"})
hashlib.new(table["old"])  # finds: use:MD5 weak-hash
hashlib.new(table.pop("older"))  # finds: use:SHA-1 weak-hash
hashlib.new(table.pop("none", "sha384"))  # finds: use:SHA-384
hashlib.new(table.setdefault("other", "md5"))  # finds: use:MD5 weak-hash
hashlib.new(table.setdefault("new", "md5"))  # finds: use:SHA-256
hashlib.new((table | {"new": "sha512"})["new"])  # finds: use:SHA-512
hashlib.new(MappingProxyType(table)["new"])  # finds: use:SHA-256
hashlib.new({key: name for key, name in [("one", "md5")]}["one"])  # finds: use:MD5 weak-hash
sizes = {name: bits for name, bits in (("low", 1024), ("high", 4096))}
rsa.generate_private_key(65537, sizes["high"])  # finds: use:RSA

names = []
names.append("md5")
names.extend(["sha256", "sha1"])
hashlib.new(names[0])  # finds: use:MD5 weak-hash
hashlib.new(names.pop())  # finds: use:SHA-1 weak-hash
hashlib.new(next(iter(names)))  # finds: use:MD5 weak-hash
hashlib.new(copy.copy(first))  # finds: use:SHA-256
hashlib.new(cast(str, others[1]))  # finds: use:SHA-1 weak-hash
rsa.generate_private_key(65537, max(1024, 512))  # finds: use:RSA weak-key-size

for _number, each in enumerate(["sha1"]):
    hashlib.new(each)  # finds: use:SHA-1 weak-hash
for _number, each in zip([1], ["md5"]):
    hashlib.new(each)  # finds: use:MD5 weak-hash


def numbers():
    yield 1024


@contextmanager
def size():
    yield 1024


rsa.generate_private_key(65537, next(numbers()))  # finds: use:RSA weak-key-size
with size() as bits:
    rsa.generate_private_key(65537, bits)  # finds: use:RSA weak-key-size


class Sizes:
    DEFAULT = 1024

    def __init__(self, known):
        self.known = known

    def __getitem__(self, name):
        return self.known[name]

    @classmethod
    def default(cls):
        return cls.DEFAULT

    @classmethod
    def small(cls):
        return cls({"rsa": 768})


class Large(Sizes):
    DEFAULT = 4096


rsa.generate_private_key(65537, Sizes({"rsa": 512})["rsa"])  # finds: use:RSA weak-key-size
rsa.generate_private_key(65537, Sizes.small()["rsa"])  # finds: use:RSA weak-key-size
rsa.generate_private_key(65537, Sizes.default())  # finds: use:RSA weak-key-size
rsa.generate_private_key(65537, Large.default())  # finds: use:RSA
setattr(Sizes, "digest", "md5")
hashlib.new(Sizes.digest)  # finds: use:MD5 weak-hash
