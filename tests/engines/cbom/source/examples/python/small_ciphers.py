import os

import arc4
import blowfish
import camellia
import cryptocode
import pikepdf
import pyAesCrypt
import pyzipper
import simplecrypt
import tgcrypto
import twofish
import xxtea
from chacha20poly1305 import ChaCha20Poly1305
from gmssl import sm4
from pypdf import PdfWriter
from salsa20 import XSalsa20_xor
from wolfcrypt.ciphers import MODE_CBC, Aes


def with_passwords(word, text, path):
    simplecrypt.encrypt(word, text)  # finds: use:AES
    simplecrypt.encrypt("of all users", text)  # finds: use:AES hardcoded-key
    cryptocode.decrypt(text, "of all users")  # finds: use:AES hardcoded-key
    pyAesCrypt.encryptFile(path, f"{path}.aes", word, 65536)  # finds: use:AES
    pyAesCrypt.encryptFile(path, f"{path}.aes", "of all users")  # finds: use:AES hardcoded-key


def with_keys(key, text):
    nonce = os.urandom(16)  # finds: use:CSPRNG
    cipher = blowfish.Cipher(key)  # finds: use:Blowfish weak-cipher
    cipher.encrypt_ecb(text)  # finds: use:Blowfish weak-cipher ecb-mode
    twofish.Twofish(key)  # finds: use:Twofish
    xxtea.encrypt(text, b"0123456789abcdef")  # finds: use:TEA weak-cipher hardcoded-key
    camellia.CamelliaCipher(key=key, mode=camellia.MODE_ECB)  # finds: use:Camellia ecb-mode
    ChaCha20Poly1305(key).encrypt(b"0" * 12, text)  # finds: use:ChaCha20-Poly1305 static-iv
    ChaCha20Poly1305(key).encrypt(nonce, text)  # finds: use:ChaCha20-Poly1305
    XSalsa20_xor(text, nonce, key)  # finds: use:XSalsa20
    arc4.ARC4(key)  # finds: use:RC4 weak-cipher
    tgcrypto.ige256_encrypt(text, key, nonce)  # finds: use:AES
    Aes(key, MODE_CBC, b"\0" * 16)  # finds: use:AES unauthenticated-mode static-iv
    national = sm4.CryptSM4()
    national.set_key(key, sm4.SM4_ENCRYPT)  # finds: use:SM4
    national.crypt_ecb(text)  # finds: use:SM4 ecb-mode


def documents(word):
    PdfWriter().encrypt(word)  # finds: use:RC4 weak-cipher
    PdfWriter().encrypt(word, algorithm="AES-256")  # finds: use:AES
    pikepdf.Encryption(owner=word, user=word, R=2)  # finds: use:RC4 weak-cipher
    pikepdf.Encryption(owner=word, user=word)  # finds: use:AES
    pyzipper.AESZipFile("all.zip", "w", encryption=pyzipper.WZ_AES)  # finds: use:AES
