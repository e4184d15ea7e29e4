import hashlib
import json
import os
import threading
from dataclasses import dataclass, field
from enum import Enum

name = "sha256"
shared = None


def local():
    name = "md5"
    return hashlib.new(name)  # finds: use:MD5 weak-hash


def outer():
    return hashlib.new(name)  # finds: use:SHA-256


def sets():
    global shared
    shared = "sha1"


def uses():
    return hashlib.new(shared)  # finds: use:SHA-1 weak-hash


class Named(Enum):
    OLD = "md5"


@dataclass
class Settings:
    name: str = "md5"
    other: str = field(default="sha1")

    def made(self):
        return hashlib.new(self.name), hashlib.new(self.other)  # finds: use:MD5 weak-hash use:SHA-1


hashlib.new(Named.OLD.value)  # finds: use:MD5 weak-hash
hashlib.new(json.load(open(os.devnull)).get("digest", "md5"))  # finds: use:MD5 weak-hash
threading.Thread(target=hashlib.md5, args=(b"x",)).start()  # finds: use:MD5 weak-hash

try:
    from hashlib import blake2b as fastest
except ImportError:
    from hashlib import sha512 as fastest
try:
    import ssl
except ImportError:
    ssl = None
fastest(b"x")  # finds: use:BLAKE2b
ssl.create_default_context()  # finds: use:TLS
