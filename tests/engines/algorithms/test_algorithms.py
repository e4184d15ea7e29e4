"""The algorithms against vectors from outside, and the facts in their rows against what they really do."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from engines.algorithms.base import BadCiphertext, BadSignature, Marshaling, Material, NoPrivateKey, SignatureOptions
from engines.algorithms.encodings.interchange import KeyFormat
from engines.algorithms.encodings.key_pairs import material_of
from engines.algorithms.hashes import DEFAULT_HASH, HASHES, SHA2_256
from engines.algorithms.registry import ALGORITHMS, ALGORITHMS_BY_NUMBER
from engines.algorithms.row import Algorithm, Pace
from engines.algorithms.rsa.key_wrapping import parse_wrapping_hash, unwrap, wrap
from engines.algorithms.rsa.rsa import PKCS1V15, PSS, RSA_2048, RSA_4096, Rsa
from engines.algorithms.signatures.ecdsa import ECDSA_P256, ECDSA_P384, ECDSA_P521, Ecdsa
from engines.algorithms.signatures.ed25519 import ED25519, Ed25519
from engines.algorithms.symmetric.aead import AES128_GCM, AES256_GCM, CHACHA20_POLY1305
from engines.algorithms.symmetric.derivation import HKDF_SHA256, HMAC_SHA256_COUNTER
from engines.algorithms.symmetric.mac import Mac
from engines.faults import Failed, InvalidRequest
from tests.engines.algorithms.vectors import cases, hexadecimal, lines, rsa_examples

NIST_HASHES = {"SHA1": "sha1", "SHA224": "sha2-224", "SHA256": "sha2-256", "SHA384": "sha2-384", "SHA512": "sha2-512"}


def public_only(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> Material:
    """``key`` as a material without its private part."""
    return Material(b"", key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))


@pytest.mark.parametrize(("algorithm", "bits"), [(AES128_GCM, 128), (AES256_GCM, 256)])
def test_aes_gcm_seals_as_nist_says(algorithm: Algorithm, bits: int) -> None:
    aead = algorithm.capabilities.aead
    assert aead is not None
    checked = 0
    for case in itertools.islice(cases(f"ciphers/AES/GCM/gcmEncryptExtIV{bits}.rsp", "Tag"), 4000):
        if case["IVlen"] != "96" or case["Taglen"] != "128":
            continue
        sealed = aead(hexadecimal(case, "Key")).seal(
            hexadecimal(case, "IV"), hexadecimal(case, "PT"), hexadecimal(case, "AAD")
        )
        assert sealed == hexadecimal(case, "CT") + hexadecimal(case, "Tag")
        checked += 1
    assert checked > 200


@pytest.mark.parametrize(("algorithm", "bits"), [(AES128_GCM, 128), (AES256_GCM, 256)])
def test_aes_gcm_opens_what_nist_says_and_nothing_else(algorithm: Algorithm, bits: int) -> None:
    aead = algorithm.capabilities.aead
    assert aead is not None
    opened = refused = 0
    for case in itertools.islice(cases(f"ciphers/AES/GCM/gcmDecrypt{bits}.rsp", "PT"), 4000):
        if case["IVlen"] != "96" or case["Taglen"] != "128":
            continue
        cipher = aead(hexadecimal(case, "Key"))
        arguments = (
            hexadecimal(case, "IV"),
            hexadecimal(case, "CT") + hexadecimal(case, "Tag"),
            hexadecimal(case, "AAD"),
        )
        if "FAIL" in case:
            with pytest.raises(InvalidRequest, match="cipher: message authentication failed"):
                cipher.open(*arguments)
            refused += 1
        else:
            assert cipher.open(*arguments) == hexadecimal(case, "PT")
            opened += 1
    assert opened > 50
    assert refused > 50


def test_chacha20_poly1305_does_what_openssls_vectors_say() -> None:
    aead = CHACHA20_POLY1305.capabilities.aead
    assert aead is not None
    checked = refused = 0
    fields: dict[str, str] = {}
    for line in [*lines("ciphers/ChaCha20Poly1305/openssl.txt"), ""]:
        name, equals, value = line.partition("=")
        if equals:
            fields[name.strip().upper()] = value.strip()
            continue
        if {"KEY", "IV", "TAG"} <= set(fields) and len(fields["IV"]) == 24:
            cipher = aead(bytes.fromhex(fields["KEY"]))
            nonce, data = bytes.fromhex(fields["IV"]), bytes.fromhex(fields["AAD"])
            sealed = bytes.fromhex(fields["CIPHERTEXT"] + fields["TAG"])
            if "RESULT" in fields:
                with pytest.raises(InvalidRequest, match="chacha20poly1305: message authentication failed"):
                    cipher.open(nonce, sealed, data)
                refused += 1
            else:
                assert cipher.seal(nonce, bytes.fromhex(fields["PLAINTEXT"]), data) == sealed
                assert cipher.open(nonce, sealed, data) == bytes.fromhex(fields["PLAINTEXT"])
                checked += 1
        fields = {}
    assert checked == 4
    assert refused > 0


def test_chacha20_poly1305_does_what_boringssls_vectors_say() -> None:
    aead = CHACHA20_POLY1305.capabilities.aead
    assert aead is not None

    def value(case: dict[str, str], name: str) -> bytes:
        text = case[name]
        return text[1:-1].encode() if text.startswith('"') else bytes.fromhex(text)

    checked = 0
    for case in cases("ciphers/ChaCha20Poly1305/boringssl.txt", "TAG", first="KEY"):
        if len(value(case, "NONCE")) != 12 or len(value(case, "TAG")) != 16:
            continue
        cipher = aead(value(case, "KEY"))
        sealed = value(case, "CT") + value(case, "TAG")
        assert cipher.seal(value(case, "NONCE"), value(case, "IN"), value(case, "AD")) == sealed
        assert cipher.open(value(case, "NONCE"), sealed, value(case, "AD")) == value(case, "IN")
        checked += 1
    assert checked > 5


def test_hkdf_without_salt_gives_what_rfc_5869_says() -> None:
    checked = 0
    for case in cases("KDF/rfc-5869-HKDF-SHA256.txt", "OKM"):
        if case["salt"]:
            continue
        derived = HKDF_SHA256.derive(hexadecimal(case, "IKM"), hexadecimal(case, "info"), int(case["L"]))
        assert derived == hexadecimal(case, "OKM")
        checked += 1
    assert checked == 1


def test_counter_mode_gives_one_block_of_sp_800_108() -> None:
    derived = HMAC_SHA256_COUNTER.derive(b"k" * 32, b"context", 32)
    assert derived == Mac(b"k" * 32).digest(b"\0\0\0\0context\0\0\1\0", SHA2_256)
    assert HMAC_SHA256_COUNTER.derive(b"k" * 32, b"context", 16) == derived[:16]
    with pytest.raises(ValueError, match="gives 32 bytes"):
        HMAC_SHA256_COUNTER.derive(b"k" * 32, b"context", 33)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("rfc-2202-sha1", "sha1"),
        ("rfc-4231-sha224", "sha2-224"),
        ("rfc-4231-sha256", "sha2-256"),
        ("rfc-4231-sha384", "sha2-384"),
        ("rfc-4231-sha512", "sha2-512"),
    ],
)
def test_hmac_gives_what_the_rfcs_say(path: str, name: str) -> None:
    checked = 0
    for case in cases(f"HMAC/{path}.txt", "MD"):
        mac = Mac(hexadecimal(case, "Key"))
        message = hexadecimal(case, "Msg")[: int(case["Len"]) // 8]
        code = hexadecimal(case, "MD")
        assert mac.digest(message, HASHES[name])[: len(code)] == code
        assert mac.matches(message, mac.digest(message, HASHES[name]), HASHES[name])
        assert not mac.matches(message + b"x", code, HASHES[name])
        checked += 1
    assert checked >= 6


@pytest.mark.parametrize(("file", "scheme"), [("SigVerPSS_186-3", PSS), ("SigVer15_186-3", PKCS1V15)])
def test_rsa_verifies_what_nist_says(file: str, scheme: str) -> None:
    valid = invalid = 0
    for case in cases(f"asymmetric/RSA/FIPS_186-2/{file}.rsp", "Result"):
        modulus = int(case["n"], 16)
        if modulus.bit_length() not in (2048, 3072, 4096):
            continue
        key = Rsa(public_only(rsa.RSAPublicNumbers(int(case["e"], 16), modulus).public_key()))
        salt = len(case["SaltVal"]) // 2 if scheme == PSS else 0
        options = SignatureOptions(HASHES[NIST_HASHES[case["SHAAlg"]]], scheme=scheme, salt_length=salt)
        if case["Result"].startswith("P"):
            key.verify(hexadecimal(case, "Msg"), hexadecimal(case, "S"), options)
            valid += 1
        else:
            with pytest.raises(BadSignature):
                key.verify(hexadecimal(case, "Msg"), hexadecimal(case, "S"), options)
            invalid += 1
    assert valid > 10
    assert invalid > 10


def test_rsa_decrypts_what_the_vectors_of_oaep_say() -> None:
    checked = 0
    for example in itertools.islice(rsa_examples("asymmetric/RSA/oaep-custom/oaep-sha256-sha256.txt"), 60):
        numbers = {name: int(value, 16) for name, value in example.items()}
        p, q, d = numbers["Prime 1"], numbers["Prime 2"], numbers["Exponent"]
        private = rsa.RSAPrivateNumbers(
            p,
            q,
            d,
            rsa.rsa_crt_dmp1(d, p),
            rsa.rsa_crt_dmq1(d, q),
            rsa.rsa_crt_iqmp(p, q),
            rsa.RSAPublicNumbers(numbers["Public exponent"], numbers["Modulus"]),
        ).private_key(unsafe_skip_rsa_key_validation=True)
        assert Rsa(material_of(private)).decrypt(hexadecimal(example, "Encryption")) == hexadecimal(example, "Message")
        checked += 1
    assert checked > 5


@pytest.mark.parametrize(
    ("curve", "name"), [(ec.SECP256R1(), "P-256"), (ec.SECP384R1(), "P-384"), (ec.SECP521R1(), "P-521")]
)
def test_ecdsa_verifies_what_nist_says_in_both_forms(curve: ec.EllipticCurve, name: str) -> None:
    valid = invalid = 0
    size = (curve.key_size + 7) // 8
    for case in cases("asymmetric/ECDSA/FIPS_186-3/SigVer.rsp", "Result"):
        section_curve, _, hash_name = case["section"].partition(",")
        if section_curve != name:
            continue
        point = ec.EllipticCurvePublicNumbers(int(case["Qx"], 16), int(case["Qy"], 16), curve)
        try:
            key = Ecdsa(public_only(point.public_key()))
        except ValueError:
            assert case["Result"].startswith("F")  # The point isn't on the curve.
            continue
        r, s = int(case["R"], 16), int(case["S"], 16)
        hash_ = HASHES[NIST_HASHES[hash_name.replace("-", "")]]
        signatures = {
            Marshaling.ASN1: encode_dss_signature(r, s),
            Marshaling.JWS: r.to_bytes(size, "big") + s.to_bytes(size, "big"),
        }
        for marshaling, signature in signatures.items():
            options = SignatureOptions(hash_, marshaling=marshaling)
            if case["Result"].startswith("P"):
                key.verify(hexadecimal(case, "Msg"), signature, options)
                valid += 1
            else:
                with pytest.raises(BadSignature):
                    key.verify(hexadecimal(case, "Msg"), signature, options)
                invalid += 1
    assert valid > 10
    assert invalid > 10


def test_ed25519_signs_as_the_vectors_of_its_authors_say() -> None:
    options = SignatureOptions(DEFAULT_HASH)
    for line in itertools.islice(lines("asymmetric/Ed25519/sign.input"), 200):
        secret, public, message, signed, _ = line.split(":")
        key = Ed25519(Material(bytes.fromhex(secret)[:32], bytes.fromhex(public)))
        signature = bytes.fromhex(signed)[:64]
        assert key.sign(bytes.fromhex(message), options) == signature
        key.verify(bytes.fromhex(message), signature, options)
        with pytest.raises(BadSignature):
            key.verify(bytes.fromhex(message) + b"x", signature, options)


@pytest.mark.parametrize("curve", [ECDSA_P256, ECDSA_P384, ECDSA_P521], ids=lambda row: row.name)
@pytest.mark.parametrize("size", [1, 20, 64, 66, 100])
def test_ecdsa_takes_a_digest_of_any_length(curve: Algorithm, size: int) -> None:
    signature = curve.capabilities.signature
    assert signature is not None
    key = signature(curve.generate(0))
    for marshaling in Marshaling:
        options = SignatureOptions(DEFAULT_HASH, prehashed=True, marshaling=marshaling)
        signed = key.sign(b"\xff" * size, options)
        key.verify(b"\xff" * size, signed, options)
        with pytest.raises(BadSignature):
            key.verify(b"\xfe" + b"\xff" * (size - 1), signed, options)


def test_ecdsa_hashes_a_digest_as_the_message_it_is_of() -> None:
    key = Ecdsa(ECDSA_P256.generate(0))
    signed = key.sign(b"message", SignatureOptions(SHA2_256))
    prehashed = SignatureOptions(SHA2_256, prehashed=True)
    key.verify(SHA2_256.digest(b"message"), signed, prehashed)
    with pytest.raises(BadSignature):
        key.verify(SHA2_256.digest(b"messagf"), signed, prehashed)


def test_wrapping_and_unwrapping_are_inverse_for_every_hash() -> None:
    recipient = RSA_2048.generate(0)
    for name in ("SHA1", "sha224", "SHA256", "SHA384", "SHA512"):
        hash_ = parse_wrapping_hash(name)
        for key in (b"k", b"k" * 32, b"k" * 1219):
            assert unwrap(recipient, wrap(recipient.public, key, hash_), hash_) == key
    wrapped = wrap(recipient.public, b"k" * 32, SHA2_256)
    for damaged in (wrapped[:-1] + bytes([wrapped[-1] ^ 1]), wrapped[:-8], wrapped[:256], bytes(256) + wrapped[256:]):
        with pytest.raises(Failed):
            unwrap(recipient, damaged, SHA2_256)


_MADE: dict[str, Material] = {}


def _with_keys(rows: Iterable[Algorithm]) -> list[Any]:
    """``rows`` as parameters; those that take seconds, and differ from their relatives by a number, are for soaks."""

    def slow(row: Algorithm) -> bool:
        small = row.pacing.signing is Pace.LONG and row.parameter_set.endswith("s")
        return row.name == RSA_4096.name or (small and row.name != "slh-dsa-sha2-128s")

    return [pytest.param(row, id=row.name, marks=[pytest.mark.soak] if slow(row) else []) for row in rows]


@pytest.fixture
def material(algorithm: Algorithm) -> Material:
    """A key, made once."""
    if algorithm.name not in _MADE:
        _MADE[algorithm.name] = algorithm.generate(48 if algorithm.sizes.key_bytes_chosen is not None else 0)
    return _MADE[algorithm.name]


@pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=lambda row: row.name)
def test_the_name_is_the_key(algorithm: Algorithm) -> None:
    assert ALGORITHMS[algorithm.name] is algorithm
    assert algorithm.number is None or ALGORITHMS_BY_NUMBER[algorithm.number] is algorithm
    assert algorithm.strength.quantum_category in range(6)
    assert algorithm.strength.classical_bits >= 112


@pytest.mark.parametrize("algorithm", _with_keys(row for row in ALGORITHMS.values() if row.capabilities.encryption))
def test_public_key_encryption_is_undone_by_decryption(algorithm: Algorithm, material: Material) -> None:
    assert algorithm.capabilities.encryption is not None
    key = algorithm.capabilities.encryption(material)
    assert key.decrypt(key.encrypt(b"plaintext")) == b"plaintext"
    with pytest.raises(Failed, match="message too long"):
        key.encrypt(bytes(algorithm.sizes.key_bytes))
    with pytest.raises(Failed, match="decryption error"):
        key.decrypt(bytes(algorithm.sizes.key_bytes))
    with pytest.raises(NoPrivateKey):
        algorithm.capabilities.encryption(Material(b"", material.public)).decrypt(b"")


@pytest.mark.parametrize("algorithm", _with_keys(ALGORITHMS.values()))
class TestRows:
    """What a row says of its algorithm is what the algorithm does."""

    def test_what_is_sealed_has_the_sizes_in_the_row(self, algorithm: Algorithm, material: Material) -> None:
        if algorithm.capabilities.aead is None:
            assert (algorithm.sizes.nonce_bytes, algorithm.sizes.tag_bytes) == (0, 0)
            return
        assert len(material.private) == algorithm.sizes.key_bytes
        nonce = bytes(algorithm.sizes.nonce_bytes)
        cipher = algorithm.capabilities.aead(material.private)
        data = b"data" if algorithm.takes_associated_data else None
        plaintext = b"a plaintext of 24 bytes."
        sealed = cipher.seal(nonce, plaintext, data)
        block = algorithm.sizes.padded_to_bytes
        padding = block - len(plaintext) % block if block else 0
        assert len(sealed) == len(plaintext) + padding + algorithm.sizes.tag_bytes
        assert cipher.open(nonce, sealed, data) == plaintext
        if data is None:
            assert algorithm.sizes.tag_bytes == 0
            return
        for wrong in (b"dat", b"", None):
            with pytest.raises(InvalidRequest):
                cipher.open(nonce, sealed, wrong)

    def test_signatures_have_the_size_in_the_row(self, algorithm: Algorithm, material: Material) -> None:
        if algorithm.capabilities.signature is None:
            assert algorithm.sizes.signature_bytes == 0
            return
        options = SignatureOptions(DEFAULT_HASH, marshaling=Marshaling.JWS)
        key = algorithm.capabilities.signature(material)
        signed = key.sign(b"message", options)
        # Signatures of ECDSA in DER vary in length, and so do those that end in one.
        spread = 8 if algorithm.second_public_text is not None else 0
        assert algorithm.sizes.signature_bytes - spread <= len(signed) <= algorithm.sizes.signature_bytes
        key.verify(b"message", signed, options)
        with pytest.raises(BadSignature):
            key.verify(b"message", signed[:-1], options)
        with pytest.raises(NoPrivateKey):
            algorithm.capabilities.signature(Material(b"", material.public)).sign(b"message", options)

    def test_what_is_encapsulated_has_the_sizes_in_the_row(self, algorithm: Algorithm, material: Material) -> None:
        if algorithm.capabilities.encapsulation is None:
            assert (
                algorithm.sizes.ciphertext_bytes,
                algorithm.sizes.shared_secret_bytes,
                algorithm.capabilities.hpke,
            ) == (0, 0, None)
            return
        key = algorithm.capabilities.encapsulation(material)
        shared_secret, ciphertext = key.encapsulate()
        sizes = (len(material.public), len(ciphertext), len(shared_secret))
        assert sizes == (
            algorithm.sizes.public_key_bytes,
            algorithm.sizes.ciphertext_bytes,
            algorithm.sizes.shared_secret_bytes,
        )
        assert key.decapsulate(ciphertext) == shared_secret
        for wrong in (b"", ciphertext[:-1], ciphertext + b"\0"):
            with pytest.raises(BadCiphertext):
                key.decapsulate(wrong)
        with pytest.raises(NoPrivateKey):
            algorithm.capabilities.encapsulation(Material(b"", material.public)).decapsulate(ciphertext)

    def test_keys_come_back_from_every_form(self, algorithm: Algorithm, material: Material) -> None:
        forms = algorithm.interchange
        assert forms.import_private(forms.wrappable(material)) == material
        assert forms.from_backup(forms.to_backup(material)) == material
        assert forms.export_private(material, KeyFormat.DEFAULT)
        if forms.public_importable:
            standard = algorithm.capabilities.kem_keys is None and algorithm.object_identifier
            form = KeyFormat.PEM if standard else KeyFormat.DEFAULT
            public = Material(b"", material.public)
            assert forms.import_public(forms.export_public(material.public, form)) == public
            assert forms.from_backup(forms.to_backup(public)) == public
            assert forms.export_private(public, KeyFormat.DEFAULT) == ""

    def test_private_keys_show_in_no_repr(self, algorithm: Algorithm, material: Material) -> None:
        assert repr(material.private) not in repr(material)


def test_a_derived_seed_stands_for_the_key_of_rfc_8032() -> None:
    make = ED25519.capabilities.material_from_seed
    assert make is not None
    seed = bytes(range(32))
    public = ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    assert make(seed) == Material(seed, public)


@pytest.mark.parametrize(
    ("name", "family", "size_bits", "parameter_set", "hybrid"),
    [
        ("aes256-gcm96", "AES", 256, "AES-256", False),
        ("chacha20-poly1305", "ChaCha20", 256, "ChaCha20-256", False),
        ("aes192-cmac", "CMAC", 192, "CMAC-192", False),
        ("hmac", "HMAC", 0, "HMAC", False),
        ("rsa-3072", "RSA", 3072, "RSA-3072", False),
        ("ecdsa-p521", "ECDSA", 521, "P-521", False),
        ("ed25519", "EdDSA", 256, "Ed25519", False),
        ("ml-dsa-87", "ML-DSA", 0, "ML-DSA-87", False),
        ("slh-dsa-shake-256f", "SLH-DSA", 0, "SLH-DSA-SHAKE-256f", False),
        ("hybrid-ml-dsa-65-ecdsa-p384", "ML-DSA+ECDSA", 384, "MLDSA65-ECDSA-P384-SHA512", True),
        ("hybrid-ml-dsa-44-ed25519", "ML-DSA+EdDSA", 256, "MLDSA44-Ed25519-SHA512", True),
        ("ml-kem-1024", "ML-KEM", 0, "ML-KEM-1024", False),
        ("x25519-ml-kem-768", "ML-KEM+ECDH", 256, "MLKEM768-X25519", True),
        ("p384-ml-kem-1024", "ML-KEM+ECDH", 384, "MLKEM1024-P384", True),
    ],
)
def test_names_and_sizes_are_those_of_the_standards(
    name: str, family: str, size_bits: int, parameter_set: str, hybrid: bool
) -> None:
    row = ALGORITHMS[name]
    assert (row.family, row.size_bits, row.parameter_set_name, row.hybrid) == (family, size_bits, parameter_set, hybrid)
