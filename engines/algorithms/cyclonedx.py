"""Algorithms as cryptographic assets of CycloneDX 1.7 (ECMA-424) and 1.6.

Families and curves are words of the standard's enumerations. Key types that are used in several ways, such as RSA, have
an asset for each. Hybrids have no family; they depend on the assets of both halves.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.row import Algorithm, Primitive

_FUNCTIONS = {
    "encrypt": "encrypt",
    "decrypt": "decrypt",
    "sign": "sign",
    "verify": "verify",
    "hmac": "tag",
    "cmac": "tag",
    "encapsulate": "encapsulate",
    "decapsulate": "decapsulate",
    "agree": "keyderive",
}
_CURVES = {"P-256": "nist/P-256", "P-384": "nist/P-384", "P-521": "nist/P-521", "Ed25519": "other/Ed25519"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """An algorithm in one way of use. Empty fields are left out of documents."""

    ref: str
    """The part of its ``bom-ref`` behind ``algorithm:``."""

    name: str
    primitive: str
    family: str = ""
    parameter_set: str = ""
    mode: str = ""
    padding: str = ""
    curve: str = ""
    functions: tuple[str, ...]
    classical_bits: int | None = None
    quantum_category: int | None = None
    object_identifier: str = ""
    depends_on: tuple[str, ...] = ()
    """The refs of others."""


@cache
def assets() -> dict[str, Asset]:
    """All assets by ref: those of the registry, of halves outside it, and of the server itself."""
    every = [*_OTHERS, *(asset for row in ALGORITHMS.values() for asset in assets_of(row))]
    return {asset.ref: asset for asset in every}


@cache
def refs_of(algorithm: str) -> tuple[str, ...]:
    """The refs of the assets of a row of the registry."""
    return tuple(asset.ref for asset in assets_of(ALGORITHMS[algorithm]))


def with_dependencies(refs: set[str]) -> set[str]:
    """``refs``, and those that they depend on."""
    found, waiting = set(refs), list(refs)
    while waiting:
        below = set(assets()[waiting.pop()].depends_on) - found
        found |= below
        waiting += below
    return found


def assets_of(row: Algorithm) -> list[Asset]:
    """The assets of ``row``."""
    if row.family == "RSA":
        return [_rsa(row, *way) for way in _RSA_WAYS]
    halves = _halves(row)
    name, mode, padding = _names(row)
    functions = dict.fromkeys(_FUNCTIONS[operation] for operation in row.operations)
    return [
        Asset(
            ref=row.name,
            name=name,
            primitive="combiner" if halves and row.hybrid else row.primitive.value,
            family="" if row.hybrid else row.family,
            parameter_set=row.parameter_set,
            mode=mode,
            padding=padding,
            curve=_CURVES.get(row.parameter_set, ""),
            functions=("keygen", *functions),
            classical_bits=row.strength.classical_bits,
            quantum_category=row.strength.quantum_category,
            object_identifier=row.object_identifier,
            depends_on=halves,
        )
    ]


_RSA_WAYS = (
    ("RSASSA-PSS", Primitive.SIGNATURE, "", ("sign", "verify")),
    ("RSASSA-PKCS1", Primitive.SIGNATURE, "pkcs1v15", ("sign", "verify")),
    ("RSAES-OAEP", Primitive.PUBLIC_KEY_ENCRYPTION, "oaep", ("encrypt", "decrypt")),
    ("RSAES-PKCS1", Primitive.PUBLIC_KEY_ENCRYPTION, "pkcs1v15", ("decrypt",)),
)


def _rsa(row: Algorithm, family: str, primitive: Primitive, padding: str, functions: tuple[str, ...]) -> Asset:
    return Asset(
        ref=f"{row.name}/{family}",
        name=f"{family}-{row.parameter_set}",
        primitive=primitive.value,
        family=family,
        parameter_set=row.parameter_set,
        padding=padding,
        functions=("keygen", *functions),
        classical_bits=row.strength.classical_bits,
        quantum_category=row.strength.quantum_category,
        object_identifier=row.object_identifier,
    )


def _names(row: Algorithm) -> tuple[str, str, str]:
    """The asset's name, its mode and its padding."""
    if row.family == "AES":
        _, mode, *_ = row.name.split("-")
        mode = mode.removesuffix("96")
        name = f"AES-{row.size_bits}-{mode.upper()}"
        if row.primitive is Primitive.AEAD and mode == "cbc":
            name += "-HMAC-SHA-512"
        return name, mode if mode in ("gcm", "ccm", "cbc") else "other", "pkcs7" if mode == "cbc" else ""
    if row.family == "ChaCha20":
        return ("XChaCha20-Poly1305" if row.name.startswith("x") else "ChaCha20-Poly1305"), "", ""
    if row.family == "CMAC":
        return f"CMAC-AES-{row.size_bits}", "", ""
    if row.family == "ECDSA":
        return f"ECDSA-{row.parameter_set}", "", ""
    return row.parameter_set_name, "", ""


def _halves(row: Algorithm) -> tuple[str, ...]:
    if not row.hybrid:
        return (_HMAC_512,) if row.primitive is Primitive.AEAD and "hmac" in row.name else ()
    post_quantum, _, classical = row.family.partition("+")
    if row.primitive is Primitive.KEY_ENCAPSULATION:
        lattice, curve = row.parameter_set.split("-")
        return f"ml-kem-{lattice.removeprefix('MLKEM')}", f"ecdh-{curve.lower()}"
    lattice, curve, *rest = row.parameter_set.split("-")
    half = f"ecdsa-{rest[0].lower()}" if classical == "ECDSA" else curve.lower()
    return f"{post_quantum.lower()}-{lattice.removeprefix('MLDSA')}", half


_HMAC_512 = "hmac-sha-512"
BARRIER, AUDIT, DERIVATION, ARGON2ID, PBKDF2 = "aes256-gcm96", "hmac-sha-256", "hkdf-sha-256", "argon2id", "pbkdf2"
SHAMIR, ED25519, ML_DSA_44 = "shamir", "ed25519", "ml-dsa-44"
"""The refs of what the server itself uses: for storage, HMACs of tokens and the audit, passwords, seals, ledgers."""

_GROUPS = {
    "x25519": ("ecdh-x25519",),
    "x448": ("ecdh-x448",),
    "secp256r1": ("ecdh-p256",),
    "secp384r1": ("ecdh-p384",),
    "secp521r1": ("ecdh-p521",),
    **{f"ffdhe{bits}": (f"ffdhe{bits}",) for bits in (2048, 3072, 4096, 6144, 8192)},
    "X25519MLKEM768": ("ml-kem-768", "ecdh-x25519"),
    "SecP256r1MLKEM768": ("ml-kem-768", "ecdh-p256"),
    "SecP384r1MLKEM1024": ("ml-kem-1024", "ecdh-p384"),
}
_SIGNATURES = {
    f"{prefix}{hash_}{suffix}": (f"x509-{family.lower()}-sha-{hash_}", family, hash_)
    for family, prefix, suffix in (("RSASSA-PKCS1", "sha", "WithRSAEncryption"), ("ECDSA", "ecdsa-with-SHA", ""))
    for hash_ in ("256", "384", "512")
}


def refs_of_group(name: str) -> tuple[str, ...]:
    """The refs of a group of TLS, by IANA's name; both halves of a hybrid, none for an unknown one."""
    return _GROUPS.get(name, ())


def refs_of_suite(name: str) -> tuple[str, ...]:
    """The refs of a cipher suite of TLS by IANA's name: the cipher and the hash."""
    cipher = "chacha20-poly1305" if "CHACHA20" in name else "aes128-gcm96" if "AES_128" in name else BARRIER
    return cipher, "sha-384" if name.endswith("SHA384") else "sha-256"


def ref_of_signature(name: str) -> str:
    """The ref of a signature algorithm of X.509 by its name in RFC 5280 and its kin; "" for an unknown one."""
    return _SIGNATURES[name][0] if name in _SIGNATURES else ED25519 if name == "ed25519" else ""


def ref_named(name: str) -> str:
    """The ref of the asset called ``name``; "" if there is none."""
    return next((asset.ref for asset in assets().values() if asset.name == name), "")


def _hash(bits: int, category: int) -> Asset:
    return Asset(
        ref=f"sha-{bits}",
        name=f"SHA-{bits}",
        primitive="hash",
        family="SHA-2",
        parameter_set=str(bits),
        functions=("digest",),
        classical_bits=bits // 2,
        quantum_category=category,
    )


def _agreement(ref: str, name: str, curve: str, bits: int) -> Asset:
    return Asset(
        ref=ref,
        name=name,
        primitive="key-agree",
        family="ECDH" if curve else "FFDH",
        parameter_set="" if curve else ref.removeprefix("ffdhe"),
        curve=curve,
        functions=("keyderive",),
        classical_bits=bits,
        quantum_category=0,
    )


_OTHERS = (
    Asset(ref=_HMAC_512, name="HMAC-SHA-512", primitive="mac", family="HMAC", functions=("tag",), classical_bits=256,
          quantum_category=5),
    Asset(ref=AUDIT, name="HMAC-SHA-256", primitive="mac", family="HMAC", functions=("tag",), classical_bits=256,
          quantum_category=5),
    Asset(ref=DERIVATION, name="HKDF-SHA-256", primitive="kdf", family="HKDF", functions=("keyderive",)),
    Asset(ref=ARGON2ID, name="Argon2id", primitive="kdf", family="Argon2", functions=("keyderive",)),
    Asset(ref=PBKDF2, name="PBKDF2-HMAC-SHA-256", primitive="kdf", family="PBKDF2", functions=("keyderive",),
          depends_on=(AUDIT,)),
    Asset(ref=SHAMIR, name="Shamir's secret sharing over GF(2^8)", primitive="other", functions=("other",)),
    _hash(256, 2),
    _hash(384, 4),
    _agreement("ecdh-x25519", "X25519", "other/Curve25519", 128),
    _agreement("ecdh-x448", "X448", "other/Curve448", 224),
    _agreement("ecdh-p256", "ECDH-P-256", "nist/P-256", 128),
    _agreement("ecdh-p384", "ECDH-P-384", "nist/P-384", 192),
    _agreement("ecdh-p521", "ECDH-P-521", "nist/P-521", 256),
    *(
        _agreement(f"ffdhe{bits}", f"ffdhe{bits}", "", strength)  # RFC 7919, appendix A
        for bits, strength in ((2048, 103), (3072, 125), (4096, 150), (6144, 175), (8192, 192))
    ),
    *(
        Asset(ref=ref, name=f"{family}-SHA-{hash_}", primitive="signature", family=family, functions=("sign", "verify"))
        for ref, family, hash_ in _SIGNATURES.values()
    ),
)  # fmt: skip
