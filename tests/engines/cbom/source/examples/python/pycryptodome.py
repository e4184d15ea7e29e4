from base64 import b64decode

from Crypto.Cipher import AES, ARC4, DES, PKCS1_OAEP, PKCS1_v1_5, ChaCha20
from Crypto.Hash import HMAC, MD5, SHA256
from Crypto.Protocol.KDF import PBKDF2, scrypt
from Crypto.PublicKey import DSA, ECC, RSA
from Crypto.Random import get_random_bytes
from Crypto.Signature import pkcs1_15, pss
from Crypto.Util.Padding import pad
from Cryptodome.Cipher import DES3
import Crypto.Cipher.Blowfish as bf

KEY = b64decode("MDEyMzQ1Njc4OWFiY2RlZg==")
MODES = {"weak": AES.MODE_ECB, "strong": AES.MODE_GCM}


def ciphers(key, data):
    AES.new(key, AES.MODE_ECB)  # finds: use:AES ecb-mode
    AES.new(key, AES.MODE_GCM)  # finds: use:AES
    AES.new(key, mode=AES.MODE_GCM, nonce=b"0123456789ab")  # finds: use:AES static-iv
    AES.new(KEY, AES.MODE_GCM)  # finds: use:AES hardcoded-key
    AES.new(key, MODES["weak"]).encrypt(pad(data, 16))  # finds: use:AES ecb-mode
    AES.new("0123456789abcdef".encode("utf-8"), AES.MODE_EAX)  # finds: use:AES hardcoded-key
    AES.new(bytes(16), AES.MODE_EAX)  # finds: use:AES hardcoded-key
    DES.new(key, DES.MODE_EAX)  # finds: use:DES weak-cipher
    DES3.new(key, DES3.MODE_EAX)  # finds: use:3DES weak-cipher
    bf.new(key, bf.MODE_EAX)  # finds: use:Blowfish weak-cipher
    ARC4.new(key)  # finds: use:RC4 weak-cipher
    ChaCha20.new(key=key, nonce=get_random_bytes(12))  # finds: use:ChaCha20 use:CSPRNG
    return AES.new(key)  # finds: use:AES ecb-mode


def cipher_with(key, mode):
    return AES.new(key, mode)  # finds: use:AES ecb-mode


cipher_with(get_random_bytes(32), AES.MODE_ECB)  # finds: use:CSPRNG


class Vault:
    mode = AES.MODE_ECB
    secret = "0123456789abcdef"

    def __init__(self, mode=None):
        self.key = get_random_bytes(32)  # finds: use:CSPRNG
        self.mode = mode or self.mode

    def fresh(self):
        return AES.new(self.key, self.mode)  # finds: use:AES ecb-mode

    def fixed(self):
        return AES.new(self.secret, AES.MODE_GCM)  # finds: use:AES hardcoded-key


def hashes(key, data):
    MD5.new(data).hexdigest()  # finds: use:MD5 weak-hash
    SHA256.new(data)  # finds: use:SHA-256
    HMAC.new(key, data, SHA256)  # finds: use:HMAC-SHA-256
    HMAC.new(key, data)  # finds: use:HMAC-MD5 weak-hash


def keys(data):
    key = RSA.generate(2048)  # finds: use:RSA
    RSA.generate(1024)  # finds: use:RSA weak-key-size
    DSA.generate(1024)  # finds: use:DSA weak-key-size
    ECC.generate(curve="P-256")  # finds: use:EC
    ECC.generate(curve="p192")  # finds: use:EC weak-key-size
    PKCS1_v1_5.new(key)  # finds: use:RSA weak-padding
    PKCS1_OAEP.new(key)  # finds: use:RSA
    pkcs1_15.new(key)  # finds: use:RSA
    pss.new(key)  # finds: use:RSA
    RSA.import_key("-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----")  # finds: use:RSA hardcoded-key
    RSA.import_key("-----BEGIN PUBLIC KEY-----\nMII\n-----END PUBLIC KEY-----")  # finds: use:RSA


def derived(password, salt):
    PBKDF2(password, salt)  # finds: use:PBKDF2 low-kdf-iterations
    PBKDF2(password, salt, 32, count=1_000_000)  # finds: use:PBKDF2
    scrypt(password, "salt", 32, N=2**15, r=8, p=1)  # finds: use:scrypt static-salt

ECC.import_key(open("key.pem").read())  # finds: use:EC

RSA.import_key(b"-----BEGIN RSA PRIVATE KEY-----")  # finds: use:RSA hardcoded-key

RSA.construct((3233, 17))  # finds: use:RSA
RSA.construct((3233, 17, 413))  # finds: use:RSA hardcoded-key

try:
    AES.new(b"0123456789abcdef")  # finds: use:AES
except TypeError:
    is_old = False


class Session:
    def __init__(self):
        self.key = bytes(AES.block_size)

    def open(self, key):
        self.key = key

    def seal(self, message, nonce):
        AES.new(self.key, AES.MODE_GCM, nonce=nonce)  # finds: use:AES
        AES.new(self.key, AES.MODE_GCM, nonce=bytes(AES.block_size))  # finds: use:AES static-iv
        return AES.new(bytes(16), AES.MODE_GCM, nonce=nonce)  # finds: use:AES hardcoded-key

AES.new(open("key", "rb").read(), 1)  # finds: use:AES ecb-mode
AES.new(open("key", "rb").read(), 2, get_random_bytes(16))  # finds: use:AES use:CSPRNG unauthenticated-mode
ECC.construct(curve="P-256", d=1234567)  # finds: use:EC hardcoded-key
ECC.construct(curve="P-256", point_x=5, point_y=6)  # finds: use:EC


def padded(key="opens it"):
    return AES.new(pad(key.encode(), 16), AES.MODE_GCM)  # finds: use:AES hardcoded-key


def of_edwards_and_montgomery():
    ECC.generate(curve="ed25519")  # finds: use:Ed25519
    ECC.generate(curve="Curve25519")  # finds: use:X25519
    ECC.generate(curve="Curve448")  # finds: use:X448


def in_small_letters():
    from crypto.Hash import MD5 as Old

    return Old.new()  # finds: use:MD5 weak-hash
