import argon2
import bcrypt
from argon2 import PasswordHasher
from passlib.crypto.digest import pbkdf2_hmac
from passlib.context import CryptContext
from passlib.hash import md5_crypt, pbkdf2_sha256
from passlib.hash import bcrypt as passlib_bcrypt
import crypt


def hashed(password):
    bcrypt.hashpw(password, bcrypt.gensalt())  # finds: use:bcrypt
    bcrypt.gensalt(rounds=4)  # finds: use:bcrypt low-kdf-iterations
    bcrypt.hashpw(password, b"$2b$12$abcdefghijklmnopqrstuu")  # finds: use:bcrypt static-salt
    PasswordHasher().hash(password)  # finds: use:Argon2id
    PasswordHasher(time_cost=1, memory_cost=1024)  # finds: use:Argon2id low-kdf-iterations
    PasswordHasher(2, 19456, 1)  # finds: use:Argon2id
    md5_crypt.hash(password)  # finds: use:MD5-crypt weak-kdf
    pbkdf2_sha256.hash(password)  # finds: use:PBKDF2 low-kdf-iterations
    pbkdf2_sha256.using(rounds=300_000).hash(password)  # finds: use:PBKDF2
    pbkdf2_sha256.using(rounds=1000).hash(password)  # finds: use:PBKDF2 low-kdf-iterations
    passlib_bcrypt.using(rounds=12)  # finds: use:bcrypt
    CryptContext(schemes=["argon2"])  # finds: use:Argon2
    CryptContext(schemes=["des_crypt"])  # finds: use:crypt weak-kdf
    crypt.crypt(password, "ab")  # finds: use:crypt weak-kdf static-salt


def derived(password, salt):
    return bcrypt.kdf(password, salt, 32, 100)  # finds: use:bcrypt


def stored(password, salt):
    pbkdf2_hmac("sha1", password, salt, 1000, 32)  # finds: use:PBKDF2 low-kdf-iterations

argon2.PasswordHasher.from_parameters(argon2.profiles.RFC_9106_LOW_MEMORY)  # finds: use:Argon2

CryptContext(schemes=["pbkdf2_sha256"], pbkdf2_sha256__default_rounds=2000)  # finds: use:PBKDF2 low-kdf-iterations


def methods(word, stored):
    crypt.crypt(word)  # finds: use:SHA-crypt
    crypt.crypt(word, crypt.METHOD_SHA512)  # finds: use:SHA-crypt
    crypt.crypt(word, salt=crypt.METHOD_BLOWFISH)  # finds: use:bcrypt
    crypt.crypt(word, crypt.METHOD_MD5)  # finds: use:MD5-crypt weak-kdf
    crypt.crypt(word, crypt.METHOD_CRYPT)  # finds: use:crypt weak-kdf
    crypt.mksalt()  # finds: use:SHA-crypt
    crypt.mksalt(crypt.METHOD_MD5)  # finds: use:MD5-crypt weak-kdf
    salt = crypt.mksalt(crypt.METHOD_CRYPT)  # finds: use:crypt weak-kdf
    crypt.crypt(word, salt)  # finds: use:crypt weak-kdf
    crypt.crypt(word, "$1$saltsalt$")  # finds: use:MD5-crypt weak-kdf static-salt
    return crypt.crypt(word, stored) == stored  # finds: use:


def few_rounds(password, salt):
    return bcrypt.kdf(password, salt, 32, 12, ignore_few_rounds=True)  # finds: use:bcrypt low-kdf-iterations
