"""What the documents say of algorithms, written down by hand from them and not from the data files."""

from __future__ import annotations

from datetime import date

import pytest

from engines.crypto_policy.facts import RequestFacts
from tests.engines.crypto_policy.profiles.questions import PURE, TODAY, ask

SHA1, SHA224, SHA256, SHA384, SHA512, SHA3_384 = (
    RequestFacts(hash=name, pure=True) for name in ("sha1", "sha2-224", "sha2-256", "sha2-384", "sha2-512", "sha3-384")
)
PRE_HASHED = RequestFacts(hash="sha2-512", pure=False, hash_message=True)
PKCS1 = RequestFacts(hash="sha2-384", scheme="pkcs1v15")
PSS = RequestFacts(hash="sha2-384", scheme="pss")
IN_2029, IN_2030, IN_2031, IN_2032 = (date(year, 6, 1) for year in (2029, 2030, 2031, 2032))
IN_2034, IN_2036 = (date(year, 6, 1) for year in (2034, 2036))

CNSA = [
    ("aes256-gcm96", "encrypt", TODAY, PURE, "allow", "aes"),
    ("aes256-cbc", "encrypt", TODAY, PURE, "allow", "aes"),
    ("aes128-gcm96", "encrypt", TODAY, PURE, "refuse", "outside"),
    ("aes128-gcm96", "decrypt", TODAY, PURE, "warn", "legacy"),
    ("aes256-cmac", "cmac", TODAY, PURE, "allow", "cmac"),
    ("aes192-cmac", "cmac", TODAY, PURE, "refuse", "outside"),
    ("chacha20-poly1305", "create", TODAY, PURE, "refuse", "outside"),
    ("ml-kem-1024", "encapsulate", TODAY, PURE, "allow", "ml-kem"),
    ("ml-kem-768", "encapsulate", TODAY, PURE, "refuse", "outside"),
    ("ml-kem-768", "decapsulate", TODAY, PURE, "warn", "legacy"),
    ("p384-ml-kem-1024", "encapsulate", TODAY, PURE, "warn", "hybrid"),
    ("x25519-ml-kem-768", "encapsulate", TODAY, PURE, "refuse", "outside"),
    ("ml-dsa-87", "sign", TODAY, PURE, "allow", "ml-dsa"),
    ("mldsa-87", "sign", IN_2036, PURE, "allow", "ml-dsa"),
    ("ml-dsa-87", "sign", TODAY, PRE_HASHED, "refuse", "pure-ml-dsa"),
    ("ml-dsa-87", "create", TODAY, RequestFacts(), "allow", "ml-dsa"),
    ("ml-dsa-65", "sign", TODAY, PURE, "refuse", "outside"),
    ("hybrid-ml-dsa-87-ecdsa-p384", "sign", TODAY, PURE, "warn", "hybrid"),
    ("hybrid-ml-dsa-65-ecdsa-p384", "sign", TODAY, PURE, "refuse", "outside"),
    ("slh-dsa-sha2-256s", "sign", TODAY, PURE, "refuse", "slh-dsa"),
    ("rsa-2048", "sign", TODAY, PURE, "refuse", "outside"),
    ("rsa-3072", "sign", TODAY, SHA384, "warn", "rsa"),
    ("rsa-3072", "sign", IN_2034, SHA384, "refuse", "outside"),
    ("rsa-3072", "verify", IN_2034, SHA384, "warn", "legacy"),
    ("ecdsa-p384", "sign", TODAY, SHA384, "warn", "ecdsa"),
    ("ecdsa-p384", "agree", IN_2034, PURE, "refuse", "outside"),
    ("ecdsa-p256", "sign", TODAY, SHA384, "refuse", "outside"),
    ("ed25519", "sign", TODAY, PURE, "refuse", "outside"),
    ("ecdsa-p384", "sign", TODAY, SHA256, "refuse", "hash-outside"),
    ("ecdsa-p384", "sign", TODAY, SHA3_384, "refuse", "hash-sha3"),
    ("ecdsa-p384", "verify", TODAY, SHA256, "warn", "ecdsa"),
    ("hmac", "hmac", TODAY, SHA512, "allow", "hmac"),
    ("hmac", "hmac", TODAY, SHA256, "refuse", "hash-outside"),
    ("", "hash", TODAY, SHA384, "allow", "hash"),
    ("", "hash", TODAY, SHA224, "refuse", "hash-outside"),
    ("rsa-2048", "delete", TODAY, PURE, "allow", "unjudged"),
]
NIST = [
    ("aes128-gcm96", "encrypt", IN_2036, PURE, "allow", "aes"),
    ("aes256-xts", "encrypt", TODAY, PURE, "allow", "aes"),
    ("chacha20-poly1305", "encrypt", TODAY, PURE, "not-listed", "not-approved"),
    ("rsa-2048", "sign", TODAY, SHA256, "allow", "rsa-112"),
    ("rsa-2048", "sign", IN_2031, SHA256, "warn", "rsa-112-deprecated"),
    ("rsa-2048", "verify", IN_2031, SHA256, "allow", "rsa-112-processing"),
    ("rsa-2048", "sign", IN_2036, SHA256, "refuse", "rsa-disallowed"),
    ("rsa-2048", "decrypt", IN_2036, PURE, "warn", "legacy"),
    ("rsa-3072", "sign", IN_2031, SHA256, "allow", "rsa"),
    ("rsa-4096", "encrypt", IN_2036, PURE, "refuse", "rsa-disallowed"),
    ("ecdsa-p256", "sign", IN_2034, SHA256, "allow", "curves"),
    ("ecdsa-p256", "agree", IN_2036, PURE, "refuse", "curves-disallowed"),
    ("ed25519", "sign", IN_2034, PURE, "allow", "curves"),
    ("ed25519", "verify", IN_2036, PURE, "warn", "legacy"),
    ("ml-kem-512", "encapsulate", IN_2036, PURE, "allow", "ml-kem"),
    ("ml-dsa-44", "sign", IN_2036, PRE_HASHED, "allow", "ml-dsa"),
    ("slh-dsa-shake-128f", "sign", IN_2036, PURE, "allow", "slh-dsa"),
    ("x25519-ml-kem-768", "encapsulate", TODAY, PURE, "warn", "hybrid"),
    ("hybrid-ml-dsa-44-ed25519", "sign", TODAY, PURE, "warn", "hybrid"),
    ("ecdsa-p256", "sign", TODAY, SHA1, "refuse", "sha1-signatures"),
    ("ecdsa-p256", "verify", TODAY, SHA1, "warn", "sha1-verification"),
    ("hmac", "hmac", TODAY, SHA1, "warn", "short-hash"),
    ("hmac", "hmac", IN_2031, SHA1, "refuse", "short-hash-disallowed"),
    ("hmac", "verify", TODAY, SHA1, "allow", "hmac-128"),
    ("hmac", "verify", IN_2031, SHA1, "warn", "short-hash-legacy"),
    ("rsa-3072", "sign", TODAY, SHA224, "warn", "short-hash"),
    ("rsa-3072", "sign", IN_2031, SHA224, "refuse", "short-hash-disallowed"),
    ("rsa-3072", "sign", TODAY, PKCS1, "allow", "rsa"),
    ("rsa-3072", "decrypt", TODAY, RequestFacts(scheme="pkcs1v15"), "warn", "pkcs1-decryption"),
    ("", "hash", TODAY, SHA256, "allow", "hash"),
    ("", "hash", IN_2031, SHA224, "refuse", "short-hash-disallowed"),
]
BSI = [
    ("aes128-gcm96", "encrypt", IN_2036, PURE, "allow", "aes"),
    ("aes256-ccm", "encrypt", TODAY, PURE, "allow", "aes"),
    ("aes256-xts", "encrypt", TODAY, PURE, "warn", "xts"),
    ("chacha20-poly1305", "encrypt", TODAY, PURE, "not-listed", "not-listed"),
    ("rsa-2048", "sign", TODAY, SHA256, "refuse", "rsa-short"),
    ("rsa-2048", "verify", TODAY, SHA256, "warn", "legacy"),
    ("rsa-3072", "sign", IN_2034, PSS, "allow", "rsa-signatures"),
    ("rsa-3072", "sign", IN_2034, PKCS1, "warn", "pkcs1"),
    ("rsa-3072", "sign", IN_2036, PSS, "refuse", "rsa-end"),
    ("rsa-3072", "encrypt", IN_2031, PURE, "allow", "rsa-encryption"),
    ("rsa-3072", "encrypt", IN_2032, PURE, "refuse", "rsa-end"),
    ("rsa-3072", "decrypt", IN_2032, PURE, "warn", "legacy"),
    ("ecdsa-p256", "sign", IN_2034, SHA256, "allow", "ecdsa"),
    ("ecdsa-p256", "agree", IN_2031, PURE, "allow", "ecdh"),
    ("ecdsa-p256", "agree", IN_2032, PURE, "refuse", "curves-end"),
    ("ed25519", "sign", TODAY, PURE, "not-listed", "eddsa"),
    ("ml-kem-768", "encapsulate", TODAY, PURE, "refuse", "ml-kem-alone"),
    ("ml-kem-1024", "create", TODAY, PURE, "refuse", "ml-kem-alone"),
    ("ml-kem-1024", "decapsulate", TODAY, PURE, "warn", "legacy"),
    ("p384-ml-kem-1024", "encapsulate", IN_2036, PURE, "allow", "hybrid-kem"),
    ("x25519-ml-kem-768", "encapsulate", TODAY, PURE, "not-listed", "hybrid-x25519"),
    ("ml-dsa-87", "sign", TODAY, PURE, "refuse", "ml-dsa-alone"),
    ("hybrid-ml-dsa-65-ecdsa-p256", "sign", IN_2036, PURE, "allow", "hybrid-signature"),
    ("hybrid-ml-dsa-44-ecdsa-p256", "sign", TODAY, PURE, "refuse", "ml-dsa-alone"),
    ("hybrid-ml-dsa-87-ed25519", "sign", TODAY, PURE, "not-listed", "hybrid-eddsa"),
    ("slh-dsa-sha2-192s", "sign", IN_2036, PURE, "allow", "slh-dsa"),
    ("slh-dsa-sha2-128s", "sign", TODAY, PURE, "refuse", "slh-dsa-small"),
    ("hmac", "hmac", TODAY, SHA256, "allow", "mac"),
    ("hmac", "hmac", TODAY, SHA1, "refuse", "short-hash"),
    ("ecdsa-p256", "sign", TODAY, SHA224, "refuse", "short-hash"),
    ("ecdsa-p256", "verify", TODAY, SHA224, "warn", "short-hash-legacy"),
    ("", "hash", TODAY, SHA3_384, "allow", "hash"),
]
ANSSI = [
    ("aes128-gcm96", "encrypt", IN_2029, PURE, "allow", "aes-128"),
    ("aes128-gcm96", "encrypt", IN_2030, PURE, "warn", "aes-128-after-2029"),
    ("aes128-gcm96", "decrypt", IN_2030, PURE, "allow", "aes-128-processing"),
    ("aes256-gcm96", "encrypt", IN_2036, PURE, "allow", "aes"),
    ("aes256-cbc", "encrypt", TODAY, PURE, "warn", "aes-alone"),
    ("chacha20-poly1305", "encrypt", TODAY, PURE, "allow", "chacha20"),
    ("xchacha20-poly1305", "encrypt", TODAY, PURE, "not-listed", "not-listed"),
    ("ml-kem-1024", "encapsulate", TODAY, PURE, "refuse", "ml-kem-alone"),
    ("p384-ml-kem-1024", "encapsulate", IN_2036, PURE, "allow", "hybrid-kem"),
    ("ml-dsa-87", "sign", TODAY, PURE, "refuse", "ml-dsa-alone"),
    ("hybrid-ml-dsa-87-ecdsa-p384", "sign", IN_2036, PURE, "allow", "hybrid-signature"),
    ("slh-dsa-sha2-128s", "sign", IN_2036, PURE, "allow", "slh-dsa"),
    ("rsa-2048", "sign", TODAY, SHA384, "warn", "rsa-2048"),
    ("rsa-2048", "sign", IN_2031, SHA384, "refuse", "rsa-short"),
    ("rsa-3072", "sign", IN_2029, PSS, "allow", "classical"),
    ("rsa-3072", "sign", IN_2031, PSS, "warn", "classical-after-2029"),
    ("rsa-3072", "sign", TODAY, PKCS1, "warn", "pkcs1"),
    ("ed25519", "sign", TODAY, PURE, "not-listed", "eddsa"),
    ("hmac", "hmac", IN_2036, SHA256, "allow", "hmac"),
    ("", "hash", IN_2030, SHA256, "warn", "hash-256-after-2029"),
    ("ecdsa-p256", "sign", TODAY, SHA1, "refuse", "short-hash"),
]
PCI = [
    ("aes128-gcm96", "encrypt", IN_2036, PURE, "allow", "aes"),
    ("chacha20-poly1305", "encrypt", TODAY, PURE, "not-listed", "not-listed"),
    ("rsa-2048", "encrypt", TODAY, PURE, "warn", "rsa-2048"),
    ("rsa-2048", "decrypt", TODAY, PURE, "allow", "rsa-2048-processing"),
    ("rsa-3072", "encrypt", TODAY, PURE, "allow", "public-keys"),
    ("ed25519", "sign", TODAY, PURE, "allow", "public-keys"),
    ("ml-kem-512", "encapsulate", TODAY, PURE, "allow", "post-quantum"),
    ("", "hash", TODAY, SHA512, "warn", "unkeyed-hash"),
    ("hmac", "hmac", TODAY, SHA256, "allow", "mac"),
    ("rsa-3072", "sign", TODAY, SHA1, "refuse", "sha1"),
]
FIPS = [
    ("aes256-gcm96", "encrypt", TODAY, PURE, "allow", "approved"),
    ("chacha20-poly1305", "encrypt", TODAY, PURE, "refuse", "not-approved"),
    ("chacha20-poly1305", "decrypt", TODAY, PURE, "warn", "not-approved-processing"),
    ("ed25519", "sign", TODAY, PURE, "allow", "approved"),
    ("x25519-ml-kem-768", "encapsulate", TODAY, PURE, "refuse", "not-approved"),
    ("ecdsa-p256", "sign", TODAY, SHA1, "refuse", "sha1-signatures"),
    ("hmac", "hmac", TODAY, SHA1, "warn", "sha1"),
    ("hmac", "hmac", IN_2031, SHA1, "refuse", "sha1-end"),
    ("rsa-2048", "decrypt", TODAY, RequestFacts(scheme="pkcs1v15"), "warn", "pkcs1-decryption"),
]
EO = [
    ("ml-kem-768", "encapsulate", IN_2036, PURE, "allow", "post-quantum"),
    ("slh-dsa-sha2-128s", "sign", IN_2036, PURE, "allow", "post-quantum"),
    ("x25519-ml-kem-768", "encapsulate", TODAY, PURE, "warn", "hybrid"),
    ("aes128-gcm96", "encrypt", IN_2036, PURE, "allow", "symmetric"),
    ("rsa-4096", "encrypt", IN_2030, PURE, "warn", "key-establishment"),
    ("rsa-4096", "encrypt", IN_2031, PURE, "refuse", "key-establishment-end"),
    ("rsa-4096", "sign", IN_2031, PURE, "warn", "signatures"),
    ("ecdsa-p384", "sign", IN_2032, PURE, "refuse", "signatures-end"),
    ("ecdsa-p384", "agree", IN_2031, PURE, "refuse", "key-establishment-end"),
    ("ecdsa-p384", "verify", IN_2036, PURE, "allow", "processing"),
]
ASD = [
    ("aes128-gcm96", "encrypt", IN_2030, PURE, "allow", "aes"),
    ("aes128-gcm96", "encrypt", IN_2031, PURE, "refuse", "outside"),
    ("aes256-gcm96", "encrypt", IN_2036, PURE, "allow", "aes-256"),
    ("ml-kem-768", "encapsulate", IN_2030, PURE, "allow", "ml-kem-768"),
    ("ml-kem-768", "encapsulate", IN_2031, PURE, "refuse", "outside"),
    ("ml-kem-512", "encapsulate", TODAY, PURE, "refuse", "outside"),
    ("ml-kem-1024", "encapsulate", IN_2036, PURE, "allow", "ml-kem-1024"),
    ("ml-dsa-87", "sign", TODAY, PRE_HASHED, "warn", "pre-hashed"),
    ("ml-dsa-87", "sign", TODAY, RequestFacts(hash="sha2-384"), "refuse", "pre-hash-short"),
    ("ml-dsa-65", "sign", TODAY, RequestFacts(hash="sha2-384"), "warn", "pre-hashed"),
    ("slh-dsa-sha2-256s", "sign", TODAY, PURE, "refuse", "outside"),
    ("ed25519", "sign", TODAY, PURE, "refuse", "outside"),
    ("rsa-2048", "sign", IN_2030, SHA256, "allow", "rsa-2048"),
    ("rsa-3072", "sign", IN_2031, SHA512, "refuse", "outside"),
    ("rsa-3072", "verify", IN_2031, SHA512, "warn", "legacy"),
    ("x25519-ml-kem-768", "encapsulate", IN_2030, PURE, "warn", "hybrid-2030"),
    ("x25519-ml-kem-768", "encapsulate", IN_2031, PURE, "refuse", "outside"),
    ("ecdsa-p384", "sign", TODAY, SHA3_384, "refuse", "hash-outside"),
]
EXPECTED = {
    "cnsa-2.0": CNSA,
    "nist-transition": NIST,
    "bsi-tr-02102-1": BSI,
    "anssi": ANSSI,
    "pci-dss-4.0.1": PCI,
    "fips-140-3": FIPS,
    "eo-14412": EO,
    "asd-ism": ASD,
}


@pytest.mark.parametrize(
    ("profile", "algorithm", "operation", "at", "request_facts", "verdict", "rule"),
    [(profile, *row) for profile, rows in EXPECTED.items() for row in rows],
)
def test_documents_are_kept_to(
    profile: str, algorithm: str, operation: str, at: date, request_facts: RequestFacts, verdict: str, rule: str
) -> None:
    judgement = ask(profile, algorithm, operation, at, request_facts)
    assert (judgement.verdict.value, judgement.rule) == (verdict, f"{profile}/{rule}")


@pytest.mark.parametrize(
    ("profile", "parameters", "algorithm", "operation", "at", "verdict"),
    [
        ("cnsa-2.0", {"category": "software-signing"}, "ecdsa-p384", "sign", IN_2030, "warn"),
        ("cnsa-2.0", {"category": "software-signing"}, "ecdsa-p384", "sign", IN_2031, "refuse"),
        ("cnsa-2.0", {"category": "unless-noted"}, "rsa-3072", "sign", IN_2031, "warn"),
        ("cnsa-2.0", {"category": "unless-noted"}, "rsa-3072", "sign", IN_2032, "refuse"),
        ("cnsa-2.0", {"category": "niche-equipment"}, "rsa-3072", "sign", IN_2032, "warn"),
        ("bsi-tr-02102-1", {"protection": "very-high"}, "ecdsa-p256", "agree", IN_2030, "allow"),
        ("bsi-tr-02102-1", {"protection": "very-high"}, "ecdsa-p256", "agree", IN_2031, "refuse"),
        ("asd-ism", {"classification": "secret"}, "rsa-2048", "sign", TODAY, "refuse"),
        ("asd-ism", {"classification": "secret"}, "ecdsa-p256", "sign", TODAY, "allow"),
        ("asd-ism", {"classification": "top-secret"}, "ecdsa-p256", "sign", TODAY, "refuse"),
        ("asd-ism", {"classification": "top-secret"}, "aes128-gcm96", "encrypt", TODAY, "refuse"),
        ("asd-ism", {"classification": "top-secret"}, "ecdsa-p384", "sign", TODAY, "allow"),
    ],
)
def test_parameters_change_what_is_said(
    profile: str, parameters: dict[str, str], algorithm: str, operation: str, at: date, verdict: str
) -> None:
    assert ask(profile, algorithm, operation, at, PURE, **parameters).verdict.value == verdict
