"""Keys that are none, or that protect nothing: refused whichever way they come, by imports as by backups."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import ObjectIdentifier

from auth_methods.jwt.keys import InvalidKeys, key_from_pem, keys_from_set
from engines.algorithms.base import Material
from engines.algorithms.encodings.key_validation import InvalidKey, check_rsa_private
from engines.algorithms.kem.mlkem_parameters import PARAMETER_SETS
from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.signatures.hybrid_signatures import COMPOSITIONS
from engines.base import Operation
from engines.encoding import decode_base64, encode_base64_url
from engines.faults import Failed, InvalidRequest
from tests.engines.algorithms.encodings import der
from tests.engines.algorithms.kem.answers import known_answers
from tests.engines.algorithms.vectors import hexadecimal
from tests.engines.driver import Driver, message_of
from tests.engines.transfer.conftest import wrapping
from tests.engines.transfer.wrapping import OPEN, wrapped

__all__ = ["wrapping"]  # A fixture.

PARAMETERS = {parameters.name.lower(): parameters for parameters in PARAMETER_SETS}
P = 2**255 - 19
NO_POINTS = {
    "identity": (1).to_bytes(32, "little"),
    "identity with a sign": (1 | 1 << 255).to_bytes(32, "little"),
    "order 2": (P - 1).to_bytes(32, "little"),
    "order 4": bytes(32),
    "order 8": bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    "not on the curve": (2).to_bytes(32, "little"),
    "zero in another form": P.to_bytes(32, "little"),
    "one in another form": (P + 1).to_bytes(32, "little"),
    "another form": (P + 3).to_bytes(32, "little"),
    "all ones": b"\xff" * 32,
}
NOT_A_POINT = "the Ed25519 public key is not a point of the curve that any private key has"
EXPONENT = "the RSA public exponent must be odd, at least 3, and of at most 63 bits"


@cache
def numbers() -> rsa.RSAPrivateNumbers:
    """Those of one RSA key."""
    return rsa.generate_private_key(65537, 2048).private_numbers()


@cache
def prime(bits: int, index: int = 0) -> int:
    """A prime of so many bits."""
    return rsa.generate_private_key(65537, 2 * bits).private_numbers().p


BAD_MODULI: dict[str, Callable[[], int]] = {
    "even": lambda: numbers().public_numbers.n - 1,
    "with a small factor": lambda: 751 * (2**2047 // 751 | 1),
    "a square": lambda: numbers().p ** 2,
    "a cube": lambda: (3 * 2**681 + 155) ** 3,
    "a prime": lambda: 2**2048 - 1942289,
}


def with_mixed_order() -> bytes:
    """An honest public key moved by the point of order 2, which is (0, -1): both coordinates change their sign."""
    public = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    number = int.from_bytes(public, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    return ((P - y) | (1 - sign) << 255).to_bytes(32, "little")


async def refusal(driver: Driver, kind: str, **parameters: Any) -> tuple[Any, str]:
    return await message_of(driver, Operation.UPDATE, "keys/k/import", type=kind, **parameters)


@pytest.mark.parametrize("name", [*NO_POINTS, "mixed order"])
async def test_points_that_are_no_ed25519_keys(transit: Driver, name: str) -> None:
    point = with_mixed_order() if name == "mixed order" else NO_POINTS[name]
    text = der.public_key(der.ED25519, point)
    expected = (InvalidRequest, f"error importing key: the key is refused: {NOT_A_POINT}")
    assert await refusal(transit, "ed25519", public_key=text) == expected
    with pytest.raises(InvalidKeys):
        key_from_pem(text)
    with pytest.raises(InvalidKeys):
        keys_from_set({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": encode_base64_url(point)}]})
    await transit.write("keys/there", type="ed25519", **OPEN)
    message = await restored(transit, lambda entry: entry.update(key=None, public_key=base64.b64encode(point).decode()))
    assert message == f"the backup holds a version that is no key of type ed25519: {NOT_A_POINT}"


@pytest.mark.parametrize("name", NO_POINTS)
def test_hybrids_refuse_such_points_too(name: str) -> None:
    composition = next(each for each in COMPOSITIONS if each.classical.name == "Ed25519")
    genuine = composition.generate().public
    composition.check_public(genuine)
    with pytest.raises(InvalidKey, match="not a point"):
        composition.check_public(genuine[:-32] + NO_POINTS[name])


async def test_honest_ed25519_keys_are_taken(transit: Driver) -> None:
    for index in range(20):
        public = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        await transit.write(f"keys/k{index}/import", type="ed25519", public_key=der.public_key(der.ED25519, public))
        (version,) = (await transit.read(f"keys/k{index}"))["keys"].values()
        assert decode_base64(version["public_key"]) == public


@pytest.mark.parametrize("name", BAD_MODULI)
async def test_rsa_moduli_that_are_none(transit: Driver, name: str) -> None:
    modulus = BAD_MODULI[name]()
    kind, message = await refusal(transit, "rsa-2048", public_key=der.rsa_public(modulus, 65537))
    assert kind is InvalidRequest
    assert message.startswith("error importing key: the key is refused: the RSA modulus ")
    await transit.write("keys/there", type="rsa-2048", **OPEN)
    text = await restored(transit, lambda entry: entry.update(rsa_key=None, rsa_public_key={"N": modulus, "E": 65537}))
    assert text.startswith("the backup holds a version that is no key of type rsa-2048: the RSA modulus ")


@pytest.mark.parametrize("exponent", [0, 1, 2, 4, 65536, 2**63 + 1, 2**64 + 1, 2**256 + 1, 2**2040 + 1])
async def test_rsa_exponents_that_are_none(transit: Driver, exponent: int) -> None:
    modulus = numbers().public_numbers.n
    text = der.rsa_public(modulus, exponent)
    expected = (InvalidRequest, f"error importing key: the key is refused: {EXPONENT}")
    assert await refusal(transit, "rsa-2048", public_key=text) == expected
    with pytest.raises(InvalidKeys):
        key_from_pem(text)
    await transit.write("keys/there", type="rsa-2048", **OPEN)
    given = {"N": modulus, "E": exponent}
    refused = await restored(transit, lambda entry: entry.update(rsa_key=None, rsa_public_key=given))
    assert refused == f"the backup holds a version that is no key of type rsa-2048: {EXPONENT}"


@pytest.mark.parametrize("exponent", [3, 17, 65537, 2**31 + 11, 2**63 - 25])
async def test_other_rsa_exponents_are_taken(transit: Driver, exponent: int) -> None:
    text = der.rsa_public(numbers().public_numbers.n, exponent)
    await transit.write("keys/k/import", type="rsa-2048", public_key=text)
    (version,) = (await transit.read("keys/k"))["keys"].values()
    imported = load_pem_public_key(version["public_key"].encode())
    assert isinstance(imported, rsa.RSAPublicKey)
    assert imported.public_numbers().e == exponent


RESTRICTED = {"without parameters": der.PSS, "with parameters": der.PSS + der.pss_parameters(32)}


@pytest.mark.parametrize("name", RESTRICTED)
async def test_keys_for_pss_alone_are_refused(wrapping: Driver, name: str) -> None:
    """RFC 4055: a signature by PKCS #1 v1.5 must not verify by such a key, and nothing here keeps a key from that."""
    reason = "the key is restricted to RSASSA-PSS (RFC 4055), and RSA keys here also encrypt and make signatures by"
    public = der.rsa_public(numbers().public_numbers.n, 65537, RESTRICTED[name])
    decoy = "-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----\n" + public
    private = await wrapped(wrapping, der.rsa_private(numbers(), RESTRICTED[name]))
    for parameters in ({"public_key": public}, {"public_key": decoy}, {"ciphertext": private}):
        kind, message = await refusal(wrapping, "rsa-2048", **parameters)
        assert kind is InvalidRequest and reason in message
    with pytest.raises(InvalidKeys):
        key_from_pem(public)
    await wrapping.write("keys/k/import", type="rsa-2048", public_key=der.rsa_public(numbers().public_numbers.n, 65537))
    completing = await message_of(wrapping, Operation.UPDATE, "keys/k/import_version", ciphertext=private)
    assert completing[0] is InvalidRequest and reason in completing[1]


WRONG: dict[str, Callable[[rsa.RSAPrivateNumbers], dict[str, int]]] = {
    "modulus": lambda key: {"n": key.public_numbers.n + 2},
    "private exponent": lambda key: {"d": key.d + 2},
    "private exponent beyond the modulus": lambda key: {"d": key.d + (key.p - 1) * (key.q - 1)},
    "public exponent": lambda key: {"e": 17},
    "exponent of the first prime": lambda key: {"dp": key.dmp1 + 2},
    "exponent of the second prime": lambda key: {"dq": key.dmq1 + 2},
    "coefficient": lambda key: {"qi": key.iqmp + 1},
    "coefficient beyond the prime": lambda key: {"qi": key.iqmp + key.p},
    "primes in the other order": lambda key: {"p": key.q, "q": key.p},
    "no primes": lambda key: {"p": key.public_numbers.n, "q": 1},
}


@pytest.mark.parametrize("name", WRONG)
async def test_rsa_keys_whose_numbers_contradict_each_other(wrapping: Driver, name: str) -> None:
    text = await wrapped(wrapping, der.rsa_private(numbers(), changed=WRONG[name](numbers())))
    kind, message = await refusal(wrapping, "rsa-2048", ciphertext=text)
    assert kind in (Failed, InvalidRequest) and message.startswith("error importing key: ")


def test_primes_that_are_none_are_refused() -> None:
    p, q = prime(512) * prime(512, 1), numbers().q
    d = pow(65537, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(65537, p * q)
    made = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public)
    with pytest.raises(InvalidKey, match="not those of one key pair of two primes"):
        check_rsa_private(made)


def test_one_prime_twice_is_refused() -> None:
    p = numbers().p
    d = pow(65537, -1, (p - 1) * p)
    made = rsa.RSAPrivateNumbers(p, p, d, d % (p - 1), d % (p - 1), 1, rsa.RSAPublicNumbers(65537, p * p))
    with pytest.raises(InvalidKey, match="coefficient"):
        check_rsa_private(made)


async def test_three_primes_are_refused_in_clear_words(wrapping: Driver) -> None:
    text = await wrapped(wrapping, der.rsa_of_three_primes((2**683 - 45, 2**683 - 1107, 2**682 - 63)))
    expected = "error importing key: RSA keys of more than two primes are not supported"
    assert await refusal(wrapping, "rsa-2048", ciphertext=text) == (InvalidRequest, expected)


@pytest.mark.parametrize(("first", "second"), [(4423, 4253), (19937, 11213)])
async def test_the_length_of_a_private_key_is_looked_at_first(wrapping: Driver, first: int, second: int) -> None:
    """Checking these numbers takes OpenSSL 11 seconds and more than a minute, with the lock held."""
    p, q = 2**first - 1, 2**second - 1
    exponent = next(odd for odd in range(65537, 70000, 2) if math.gcd(odd, (p - 1) * (q - 1)) == 1)
    d = pow(exponent, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(exponent, p * q)
    key = der.rsa_private(rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public))
    text = await wrapped(wrapping, key)
    for kind in ("rsa-2048", "rsa-4096", "ecdsa-p256", "ed25519", "mldsa-44"):
        start = time.process_time()
        assert (await refusal(wrapping, kind, ciphertext=text))[0] is Failed
        assert time.process_time() - start < 1


async def test_private_keys_with_another_public_key(wrapping: Driver) -> None:
    own, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    foreign_point = der.element(0xA1, der.element(0x03, b"\x00" + point(other)))
    scalar = der.octets(own.private_numbers().private_value.to_bytes(32, "big"))
    mixed = der.private_key(der.EC + der.P256, der.sequence(der.integer(1), scalar, foreign_point))
    assert (await refusal(wrapping, "ecdsa-p256", ciphertext=await wrapped(wrapping, mixed)))[0] is Failed

    private, foreign = ed25519.Ed25519PrivateKey.generate(), ed25519.Ed25519PrivateKey.generate()
    seed = der.octets(private.private_bytes_raw())
    mixed = der.private_key(der.ED25519, seed, foreign.public_key().public_bytes_raw())
    assert await refusal(wrapping, "ed25519", ciphertext=await wrapped(wrapping, mixed)) == (
        InvalidRequest,
        "error importing key: the key is refused: the public key belongs to another private key",
    )
    both = der.private_key(der.ED25519, seed, private.public_key().public_bytes_raw())
    await wrapping.write("keys/k/import", type="ed25519", ciphertext=await wrapped(wrapping, both))


def point(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public key of a key on P-256, uncompressed."""
    public = key.public_key().public_numbers()
    return b"\x04" + public.x.to_bytes(32, "big") + public.y.to_bytes(32, "big")


P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
NO_EC_POINTS = {
    "not on the curve": b"\x04" + bytes(31) + b"\x01" + bytes(31) + b"\x01",
    "infinity": b"\x00",
    "too short": b"\x04" + bytes(32),
    "no form": b"\x05" + bytes(64),
}


@pytest.mark.parametrize("name", NO_EC_POINTS)
async def test_points_that_are_no_ecdsa_keys(transit: Driver, name: str) -> None:
    text = der.public_key(der.EC + der.P256, NO_EC_POINTS[name])
    assert (await refusal(transit, "ecdsa-p256", public_key=text))[0] is Failed


@pytest.mark.parametrize("scalar", [0, P256_ORDER, P256_ORDER + 5, 2**256 - 1])
async def test_scalars_that_are_no_ecdsa_keys(wrapping: Driver, scalar: int) -> None:
    content = der.sequence(der.integer(1), der.octets(scalar.to_bytes(32, "big")))
    text = await wrapped(wrapping, der.private_key(der.EC + der.P256, content))
    assert (await refusal(wrapping, "ecdsa-p256", ciphertext=text))[0] is Failed


NEITHER = {
    "a short seed": der.private_key(der.ED25519, der.octets(bytes(31))),
    "a long seed": der.private_key(der.ED25519, der.octets(bytes(33))),
    "Diffie-Hellman": der.private_key(
        der.DIFFIE_HELLMAN + der.sequence(der.integer(2**2000 - 1), der.integer(2)), der.integer(3)
    ),
}


@pytest.mark.parametrize("name", NEITHER)
@pytest.mark.parametrize("kind", ["ed25519", "rsa-2048"])
async def test_what_the_library_has_no_words_for_is_refused_all_the_same(
    wrapping: Driver, name: str, kind: str
) -> None:
    text = await wrapped(wrapping, NEITHER[name])
    assert (await refusal(wrapping, kind, ciphertext=text))[0] is Failed


async def restored(driver: Driver, change: Callable[[dict[str, Any]], None], **policy: Any) -> str:
    """The words in which the backup of the key ``there`` is refused once its one version and ``policy`` are changed."""
    document = json.loads(base64.b64decode((await driver.read("backup/there"))["backup"]))
    for entry in (document["policy"]["keys"]["1"], document["archived_keys"]["keys"][1]):
        change(entry)
    document["policy"].update(policy)
    text = base64.b64encode(json.dumps(document).encode()).decode()
    kind, message = await message_of(driver, Operation.UPDATE, "restore/back", backup=text)
    assert kind is Failed
    return message


@pytest.mark.parametrize("kind", ["mldsa-44", "mldsa-65", "mldsa-87"])
def test_both_forms_of_ml_dsa_must_be_of_one_key(kind: str) -> None:
    row = ALGORITHMS[kind]
    made = row.generate(0)
    expanded = expanded_key(kind, made.private, made.public)
    identifier = _identifier(row.object_identifier)

    def imported(seed: bytes, long: bytes, public: bytes = b"") -> bytes:
        content = der.sequence(der.octets(seed), der.octets(long))
        material: Material = row.interchange.import_private(der.private_key(identifier, content, public))
        return material.public

    assert imported(made.private, expanded) == imported(made.private, expanded, made.public) == made.public
    other = row.generate(0)
    for wrong in (
        expanded[:-1],
        expanded + b"\x00",
        other.public[:32] + expanded[32:],
        expanded[:32] + bytes(32) + expanded[64:],
        expanded[:64] + bytes(64) + expanded[128:],
        expanded_key(kind, other.private, other.public),
    ):
        with pytest.raises(Failed, match="the seed is not that of the expanded key"):
            imported(made.private, wrong)
    with pytest.raises(Failed, match="the public key belongs to another private key"):
        imported(made.private, expanded, other.public)


def expanded_key(kind: str, seed: bytes, public: bytes) -> bytes:
    """What an expanded key begins with, two seeds and a hash of the public key (FIPS 204, 6.1), at its full length."""
    rows, columns, size = {"mldsa-44": (4, 4, 2560), "mldsa-65": (6, 5, 4032), "mldsa-87": (8, 7, 4896)}[kind]
    made = hashlib.shake_256(seed + bytes([rows, columns])).digest(128)
    return (made[:32] + made[96:] + hashlib.shake_256(public).digest(64)).ljust(size, b"\x00")


def _identifier(dotted: str) -> bytes:
    return asn1.encode_der(ObjectIdentifier(dotted))


@pytest.mark.parametrize("kind", ["ml-kem-512", "ml-kem-768", "ml-kem-1024"])
def test_both_forms_of_ml_kem_must_be_of_one_key(kind: str) -> None:
    row = ALGORITHMS[kind]
    cases = list(known_answers(PARAMETERS[kind]))[:2]
    (seed, expanded), (other_seed, other) = (
        (hexadecimal(case, "d") + hexadecimal(case, "z"), hexadecimal(case, "sk")) for case in cases
    )
    public = hexadecimal(cases[0], "pk")
    identifier = _identifier(row.object_identifier)

    def imported(seed: bytes, long: bytes, public: bytes = b"") -> bytes:
        content = der.sequence(der.octets(seed), der.octets(long))
        material: Material = row.interchange.import_private(der.private_key(identifier, content, public))
        return material.public

    assert imported(seed, expanded) == imported(seed, expanded, public) == public
    for wrong_seed, wrong in (
        (seed, other),
        (other_seed, expanded),
        (seed[:32] + other_seed[32:], expanded),
        (other_seed[:32] + seed[32:], expanded),
        (seed, expanded[:-32] + bytes(32)),
        (seed, bytes(384) + expanded[384:]),
    ):
        with pytest.raises(InvalidRequest):
            imported(wrong_seed, wrong)
    with pytest.raises(InvalidRequest):
        imported(seed, expanded, hexadecimal(cases[1], "pk"))
