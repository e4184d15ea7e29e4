import backports.pbkdf2
import gmssl.sm3
import hkdf
import pbkdf2
import pwdlib
import pylibscrypt
import sha3
from blake3 import blake3
from passlib.utils.pbkdf2 import pbkdf2 as of_passlib
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher


def hashes(data):
    blake3(data).hexdigest()  # finds: use:BLAKE3
    sha3.keccak_256(data)  # finds: use:Keccak
    sha3.sha3_512(data)  # finds: use:SHA3-512
    gmssl.sm3.sm3_hash(list(data))  # finds: use:SM3


def derivations(word, salt):
    pbkdf2.PBKDF2(word, salt)  # finds: use:PBKDF2 low-kdf-iterations
    pbkdf2.PBKDF2(word, salt, 600_000).read(32)  # finds: use:PBKDF2
    pbkdf2.crypt(word)  # finds: use:PBKDF2 low-kdf-iterations
    pbkdf2.pbkdf2_hex(word, "of all", 600_000)  # finds: use:PBKDF2 static-salt
    backports.pbkdf2.pbkdf2_hmac("sha256", word, salt, 1000)  # finds: use:PBKDF2 low-kdf-iterations
    of_passlib(word, salt, 1000, 32)  # finds: use:PBKDF2 low-kdf-iterations
    hkdf.hkdf_expand(hkdf.hkdf_extract(salt, word), b"info")  # finds: use:HKDF
    pylibscrypt.scrypt(word, b"of all", N=1024)  # finds: use:scrypt low-kdf-iterations static-salt


def hashers():
    pwdlib.PasswordHash.recommended()  # finds: use:Argon2id
    Argon2Hasher(memory_cost=1024)  # finds: use:Argon2id low-kdf-iterations
    Argon2Hasher()  # finds: use:Argon2id
    BcryptHasher(rounds=4)  # finds: use:bcrypt low-kdf-iterations
    BcryptHasher()  # finds: use:bcrypt
