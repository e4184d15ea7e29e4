import tink
import os

import asyncssh
import ecdsa
import pyaes
import pyDes
import pyotp
import rsa
import unicrypto
from jwcrypto import jwe, jwk, jws, jwt
from jwcrypto.common import json_encode
from oscrypto import asymmetric

public, private = rsa.newkeys(512)  # finds: use:RSA weak-key-size
rsa.newkeys(3072)  # finds: use:RSA
rsa.sign(b"m", private, "MD5")  # finds: use:RSA weak-hash
rsa.encrypt(b"m", public)  # finds: use:RSA weak-padding
ecdsa.SigningKey.generate(curve=ecdsa.NIST192p)  # finds: use:ECDSA weak-key-size
ecdsa.SigningKey.generate()  # finds: use:ECDSA weak-key-size
ecdsa.SigningKey.generate(curve=ecdsa.NIST256p)  # finds: use:ECDSA
pyaes.AESModeOfOperationECB(os.urandom(16))  # finds: use:CSPRNG use:AES ecb-mode
pyaes.AESModeOfOperationCTR(b"0123456789abcdef")  # finds: use:AES hardcoded-key unauthenticated-mode
asymmetric.generate_pair("rsa", bit_size=1024)  # finds: use:RSA weak-key-size
jwk.JWK.generate(kty="RSA", size=1024)  # finds: use:RSA weak-key-size


async def connected():
    await asyncssh.connect("h", known_hosts=None)  # finds: use:SSH disabled-certificate-check
    await asyncssh.connect("h")  # finds: use:SSH

pyDes.des("DESCRYPT", pyDes.CBC, "\0" * 8)  # finds: use:DES weak-cipher hardcoded-key static-iv unauthenticated-mode
pyDes.triple_des(os.urandom(24))  # finds: use:CSPRNG use:3DES weak-cipher ecb-mode


def codes():
    pyotp.TOTP("JBSWY3DPEHPK3PXP").now()  # finds: use:HMAC-SHA-1 hardcoded-key
    pyotp.TOTP(pyotp.random_base32())  # finds: use:HMAC-SHA-1 use:CSPRNG

handle = tink.new_keyset_handle(tink.aead.aead_key_templates.AES256_GCM)  # finds: use:AES
handle.primitive(tink.aead.Aead).encrypt(b"m", b"")  # finds: use:AES
tink.new_keyset_handle(tink.signature.signature_key_templates.ECDSA_P256)  # finds: use:ECDSA
tink.new_keyset_handle(templates())
asyncssh.generate_private_key("ssh-rsa", key_size=1024)  # finds: use:RSA weak-key-size

ecdsa.SigningKey.generate(curve=ecdsa.NIST192p)  # finds: use:ECDSA weak-key-size


def with_unicrypto(key, message, iv):
    unicrypto.symmetric.RC4(key).encrypt(message)  # finds: use:RC4 weak-cipher
    cipher = unicrypto.symmetric.AES(key, unicrypto.symmetric.MODE_CBC, iv)  # finds: use:AES unauthenticated-mode
    cipher.encrypt(message)  # finds: use:AES
    return unicrypto.hashlib.md4(message).digest()  # finds: use:MD4 weak-hash


ecdsa.VerifyingKey.from_string(b"\x04" * 64, curve=ecdsa.NIST256p)  # finds: use:ECDSA
ecdsa.SigningKey.from_string(b"\x04" * 32, curve=ecdsa.NIST256p)  # finds: use:ECDSA hardcoded-key


def with_jwcrypto(claims, key, payload):
    jwt.JWT(header={"alg": "ES256"}, claims=claims).make_signed_token(key)  # finds: use:ECDSA
    jwt.JWT(header={"alg": "RSA1_5", "enc": "A128GCM"}, claims=claims)  # finds: use:RSA use:AES weak-padding
    jws.JWS(payload).add_signature(key, alg="HS256")  # finds: use:HMAC-SHA-256
    jwe.JWE(payload, json_encode({"alg": "dir", "enc": "A256GCM"}))  # finds: use:AES


def on_a_microcontroller(key, iv, mode):
    from cryptolib import aes
    import ucryptolib
    import uhashlib

    aes(key, 1)  # finds: use:AES ecb-mode
    aes(key, 2, b"1234567812345678")  # finds: use:AES unauthenticated-mode static-iv
    ucryptolib.aes(b"1234567812345678", ucryptolib.MODE_CTR, iv)  # finds: use:AES unauthenticated-mode hardcoded-key
    ucryptolib.aes(key, mode)  # finds: use:AES
    uhashlib.sha256(key)  # finds: use:SHA-256


def secret_of(user):
    return user.secret if user else False


def code(user):
    import pyotp

    return pyotp.TOTP(secret_of(user)).now()  # finds: use:HMAC-SHA-1
