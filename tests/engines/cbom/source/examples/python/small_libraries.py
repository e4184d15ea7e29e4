import os

import asyncssh
import ecdsa
import pyaes
import rsa
from jwcrypto import jwk
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
