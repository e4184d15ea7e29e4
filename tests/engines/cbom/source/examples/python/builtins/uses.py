import hashlib
import importlib
import os

from names import NAMES, PREFERRED, name_of

hashlib.new(NAMES["old"])  # finds: use:MD5 weak-hash
hashlib.new(NAMES.get("new"))  # finds: use:SHA-256
hashlib.new(PREFERRED)  # finds: use:SHA-512
hashlib.new(name_of("old"))  # finds: use:MD5 weak-hash
hashlib.new("{}{}".format("sha", 384))  # finds: use:SHA-384
hashlib.new(f"sha{224}")  # finds: use:SHA-224
hashlib.new("_".join(["sha3", "512"]))  # finds: use:SHA3-512
hashlib.new(os.environ.get("DIGEST", "sha1"))  # finds: use:SHA-1 weak-hash
importlib.import_module("hashlib").md5()  # finds: use:MD5 weak-hash

try:
    from fast_digests import md5 as fast
except ImportError:
    from hashlib import md5 as fast

fast(b"x")  # finds: use:MD5 weak-hash


def guarded(message):
    match message:
        case [text] if hashlib.md5(text).digest():  # finds: use:MD5 weak-hash
            return text


class Installation:
    has_digests = False


installed = Installation()
if installed.has_digests:
    from hashlib import sha1 as optional


def with_what_is_installed(data):
    return optional(data)  # finds: use:SHA-1 weak-hash
