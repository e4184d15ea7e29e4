import functools
import hashlib
import md5 as old_md5
import sha
import hashlib as h
from hashlib import new, sha1 as fingerprint

hashlib.md5(b"data").hexdigest()  # finds: use:MD5 weak-hash
hashlib.sha256(b"data").hexdigest()  # finds: use:SHA-256
h.new("md" + "4", b"data")  # finds: use:MD4 weak-hash
new(name="sha3_256")  # finds: use:SHA3-256
fingerprint(b"data")  # finds: use:SHA-1 weak-hash
getattr(h, "md5")(b"data")  # finds: use:MD5 weak-hash

# A checksum that says so is inventory.
hashlib.md5(b"data", usedforsecurity=False)  # finds: use:MD5
hashlib.new("sha1", usedforsecurity=False)  # finds: use:SHA-1

digest_of = h.sha512
digest_of(b"data")  # finds: use:SHA-512

with open("file", "rb") as file:
    hashlib.file_digest(file, "sha1")  # finds: use:SHA-1 weak-hash


def chosen(strict):
    name = "sha1"
    if strict:
        name = "sha256"
    return hashlib.new(name)  # finds: use:SHA-1 use:SHA-256 weak-hash


def overwritten():
    name = "md5"
    name = "sha256"
    return hashlib.new(name)  # finds: use:SHA-256


def made(name):
    return hashlib.new(name)  # finds: use:SHA-384


made("sha384")


class Checksums:
    ALGORITHM = "md5"

    def __init__(self, digest="sha224"):
        self.digest = digest

    def constant(self):
        return hashlib.new(self.ALGORITHM)  # finds: use:MD5 weak-hash

    def default(self):
        return hashlib.new(self.digest)  # finds: use:SHA-224


def derived(password, salt):
    hashlib.pbkdf2_hmac("sha256", password, salt, 1000)  # finds: use:PBKDF2 low-kdf-iterations
    hashlib.pbkdf2_hmac("sha256", password, salt, 600_000)  # finds: use:PBKDF2
    hashlib.pbkdf2_hmac("sha256", password, b"a salt", 600_000)  # finds: use:PBKDF2 static-salt
    hashlib.pbkdf2_hmac("sha256", b"a password", salt, 600_000)  # finds: use:PBKDF2 hardcoded-key
    hashlib.scrypt(password, salt=salt, n=2**14, r=8, p=1)  # finds: use:scrypt
    hashlib.scrypt(password, salt=salt, n=1024, r=8, p=1)  # finds: use:scrypt low-kdf-iterations
    derive = functools.partial(hashlib.pbkdf2_hmac, "sha256", iterations=10)
    derive(password, salt)  # finds: use:PBKDF2 low-kdf-iterations


# Nothing is found by its name alone.
"hashlib.md5(b'data')"
md5 = {"hashlib.md5": 1}


class Own:
    def md5(self, data):
        return data


Own().md5(b"data")


def of_passwords(password, password_hash, form):
    hashlib.sha256(password.encode())  # finds: use:SHA-256 weak-kdf
    hashlib.sha256((form["salt"] + form.get("password")).encode())  # finds: use:SHA-256 weak-kdf
    digest = hashlib.sha512()  # finds: use:SHA-512
    digest.update(bytes(form["passwd"], "utf-8"))  # finds: use:SHA-512 weak-kdf
    hashlib.sha256(password_hash)  # finds: use:SHA-256
    hashlib.sha256(form.check(password))  # finds: use:SHA-256

hashlib.blake2b(b"x", key=b"0123456789abcdef")  # finds: use:BLAKE2b hardcoded-key


def keyed(data, key):
    hashlib.blake2b(data, key=key)  # finds: use:BLAKE2b
    hashlib.blake2b(data, key=b"0123456789abcdef")  # finds: use:BLAKE2b hardcoded-key:BLAKE2b


def in_python_2(data):
    old_md5.new(data)  # finds: use:MD5 weak-hash
    sha.new(data).hexdigest()  # finds: use:SHA-1 weak-hash

hashlib.pbkdf2_hmac("sha512", password, b"", iterations=210_000)  # finds: use:PBKDF2 static-salt


def more(password, salt):
    hashlib.pbkdf2_hmac("md5", password, salt, 600_000)  # finds: use:PBKDF2 weak-hash:MD5
    hashlib.pbkdf2_hmac("sha1", password, salt, 600_000)  # finds: use:PBKDF2
    hashlib.sha(b"page")  # finds: use:SHA-1 weak-hash
    hashlib.ripemd160(b"page")  # finds: use:RIPEMD-160 weak-hash


def of_block(header):
    return hashlib.scrypt(header, salt=header, n=1024, r=1, p=1)  # finds: use:scrypt


def of_login(password):
    return hashlib.scrypt(password, salt=password, n=1024, r=1, p=1)  # finds: use:scrypt low-kdf-iterations
