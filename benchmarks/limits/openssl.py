"""The cryptography of each row alone, through the same library as the server's, without any HTTP.

Each function makes the keys it needs and returns the call that does the work once. What OpenSSL has and the library
doesn't reach, OpenSSL's own command measures (``openssl speed``).
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from cryptography.hazmat.primitives import hashes, hmac, hpke
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, mlkem, padding, rsa, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

Work: TypeAlias = Callable[[], object]
Maker: TypeAlias = Callable[[], Work]

_MESSAGE_BYTES = 64
_NONCE_BYTES = 12
_SLICE_SECONDS = 0.02
_SPEED_FIELDS = 5


@dataclass(frozen=True, slots=True)
class Speed:
    """One operation of an algorithm, as ``openssl speed`` names it."""

    algorithm: str
    verifies: bool = False

    def per_second(self, seconds: float) -> float | None:
        """How often one core does it in a second; None if the command isn't there or doesn't know the algorithm."""
        rates = _speed(self.algorithm, max(1, round(seconds)))
        return None if rates is None else rates[self.verifies]


@functools.cache
def _speed(algorithm: str, seconds: int) -> tuple[float, float] | None:
    """How often a second signatures are made, and verified."""
    command = shutil.which("openssl")
    if command is None:
        return None
    arguments = [command, "speed", "-mr", "-seconds", str(seconds), algorithm]
    answer = subprocess.run(arguments, capture_output=True, text=True, check=False)
    totals = [line.split(":") for line in answer.stdout.splitlines() if line.startswith("+F")]
    # The last line of figures has keys made, signatures made and signatures verified, by processor time.
    if answer.returncode != 0 or not totals or len(totals[-1]) != _SPEED_FIELDS:
        return None
    return float(totals[-1][3]), float(totals[-1][4])


def per_second(operation: Maker | Speed, seconds: float) -> float | None:
    """How often one core does the work in a second; None where that can't be measured here."""
    if isinstance(operation, Speed):
        return operation.per_second(seconds)
    work = operation()
    count, at_once, elapsed = 0, 1, 0.0
    started = time.perf_counter()
    while elapsed < seconds:
        for _ in range(at_once):
            work()
        count += at_once
        elapsed = time.perf_counter() - started
        # The clock is read often enough to stop in time, and seldom enough not to be what is measured.
        at_once = max(1, min(2 * at_once, int(count / elapsed * _SLICE_SECONDS)))
    return count / elapsed


def encrypt(size: int) -> Maker:
    """AES-256-GCM of ``size`` bytes with a random nonce."""

    def make() -> Work:
        seal, plaintext = AESGCM(AESGCM.generate_key(256)).encrypt, os.urandom(size)
        return lambda: seal(os.urandom(_NONCE_BYTES), plaintext, None)

    return make


def decrypt(size: int) -> Maker:
    """AES-256-GCM of ``size`` bytes."""

    def make() -> Work:
        cipher, nonce = AESGCM(AESGCM.generate_key(256)), os.urandom(_NONCE_BYTES)
        sealed = cipher.encrypt(nonce, os.urandom(size), None)
        return lambda: cipher.decrypt(nonce, sealed, None)

    return make


def encrypt_derived() -> Work:
    """A key by HKDF-SHA256, then AES-256-GCM with it."""
    key, context, plaintext = os.urandom(32), os.urandom(13), os.urandom(_MESSAGE_BYTES)

    def work() -> bytes:
        derived = HKDF(hashes.SHA256(), 32, None, context).derive(key)
        return AESGCM(derived).encrypt(os.urandom(_NONCE_BYTES), plaintext, None)

    return work


def rewrap() -> Work:
    """One message opened and sealed again."""
    opening, sealing = decrypt(_MESSAGE_BYTES)(), encrypt(_MESSAGE_BYTES)()
    return lambda: (opening(), sealing())


def mac() -> Work:
    """HMAC-SHA256."""
    keyed, message = hmac.HMAC(os.urandom(32), hashes.SHA256()), os.urandom(_MESSAGE_BYTES)

    def work() -> bytes:
        one = keyed.copy()
        one.update(message)
        return one.finalize()

    return work


_PSS = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.MAX_LENGTH)
_ECDSA = ec.ECDSA(hashes.SHA256())


def sign_rsa() -> Work:
    """RSASSA-PSS with 2048 bits and SHA-256."""
    key, message = rsa.generate_private_key(public_exponent=65537, key_size=2048), os.urandom(_MESSAGE_BYTES)
    return lambda: key.sign(message, _PSS, hashes.SHA256())


def verify_rsa() -> Work:
    """The verification of ``sign_rsa``."""
    key, message = rsa.generate_private_key(public_exponent=65537, key_size=2048), os.urandom(_MESSAGE_BYTES)
    signature, public = key.sign(message, _PSS, hashes.SHA256()), key.public_key()
    return lambda: public.verify(signature, message, _PSS, hashes.SHA256())


def sign_ecdsa() -> Work:
    """ECDSA on P-256 with SHA-256."""
    key, message = ec.generate_private_key(ec.SECP256R1()), os.urandom(_MESSAGE_BYTES)
    return lambda: key.sign(message, _ECDSA)


def verify_ecdsa() -> Work:
    """The verification of ``sign_ecdsa``."""
    key, message = ec.generate_private_key(ec.SECP256R1()), os.urandom(_MESSAGE_BYTES)
    signature, public = key.sign(message, _ECDSA), key.public_key()
    return lambda: public.verify(signature, message, _ECDSA)


def sign_ed25519() -> Work:
    """Ed25519."""
    key, message = ed25519.Ed25519PrivateKey.generate(), os.urandom(_MESSAGE_BYTES)
    return lambda: key.sign(message)


def verify_ed25519() -> Work:
    """The verification of ``sign_ed25519``."""
    key, message = ed25519.Ed25519PrivateKey.generate(), os.urandom(_MESSAGE_BYTES)
    signature, public = key.sign(message), key.public_key()
    return lambda: public.verify(signature, message)


def sign_mldsa() -> Work:
    """ML-DSA-65, hedged."""
    key, message = mldsa.MLDSA65PrivateKey.generate(), os.urandom(_MESSAGE_BYTES)
    return lambda: key.sign(message)


def verify_mldsa() -> Work:
    """The verification of ``sign_mldsa``."""
    key, message = mldsa.MLDSA65PrivateKey.generate(), os.urandom(_MESSAGE_BYTES)
    signature, public = key.sign(message), key.public_key()
    return lambda: public.verify(signature, message)


def sign_hybrid() -> Work:
    """ML-DSA-65 and ECDSA on P-256, one after the other."""
    lattice, classical = sign_mldsa(), sign_ecdsa()
    return lambda: (lattice(), classical())


def verify_hybrid() -> Work:
    """The verifications of ``sign_hybrid``."""
    lattice, classical = verify_mldsa(), verify_ecdsa()
    return lambda: (lattice(), classical())


SIGN_SLHDSA, VERIFY_SLHDSA = Speed("SLH-DSA-SHA2-128f"), Speed("SLH-DSA-SHA2-128f", verifies=True)


def encapsulate() -> Work:
    """ML-KEM-768, to a public key."""
    return mlkem.MLKEM768PrivateKey.generate().public_key().encapsulate


def decapsulate() -> Work:
    """ML-KEM-768, with a private key."""
    key = mlkem.MLKEM768PrivateKey.generate()
    ciphertext = key.public_key().encapsulate()[1]
    return lambda: key.decapsulate(ciphertext)


_HPKE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def _hpke_key() -> hpke.MLKEM768X25519PrivateKey:
    return hpke.MLKEM768X25519PrivateKey(mlkem.MLKEM768PrivateKey.generate(), x25519.X25519PrivateKey.generate())


def seal_hpke() -> Work:
    """HPKE in base mode with X-Wing and AES-256-GCM."""
    public, message = _hpke_key().public_key(), os.urandom(_MESSAGE_BYTES)
    return lambda: _HPKE.encrypt(message, public)


def open_hpke() -> Work:
    """The opening of ``seal_hpke``."""
    key = _hpke_key()
    sealed = _HPKE.encrypt(os.urandom(_MESSAGE_BYTES), key.public_key())
    return lambda: _HPKE.decrypt(sealed, key)
