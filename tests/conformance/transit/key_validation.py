"""Transit: keys from elsewhere that are none, or protect nothing. OpenBao takes nearly all of them."""

from __future__ import annotations

from collections.abc import Mapping

from tests.conformance.steps import Json, Scenario, Step
from tests.conformance.transit.materials import RSA, wrapped
from tests.engines.algorithms.encodings import der

_NUMBERS = RSA.private_numbers()
_MODULUS = _NUMBERS.public_numbers.n
_ONE = (1).to_bytes(32, "little")
_PRIMES = (2**683 - 45, 2**683 - 1107, 2**682 - 63)


def _wrap(saved: Mapping[str, str]) -> Mapping[str, str]:
    keys = {
        "blob_pss": der.rsa_private(_NUMBERS, der.PSS + der.pss_parameters(32)),
        "blob_coefficient": der.rsa_private(_NUMBERS, changed={"qi": _NUMBERS.iqmp + 1}),
        "blob_exponent": der.rsa_private(_NUMBERS, changed={"d": _NUMBERS.d + 2}),
        "blob_three_primes": der.rsa_of_three_primes(_PRIMES),
    }
    return {name: wrapped(key, saved["wrapping_key"]) for name, key in keys.items()}


def _rsa(modulus: int, exponent: int, identifier: bytes = der.RSA + der.NULL) -> dict[str, Json]:
    return {"type": "rsa-2048", "public_key": der.rsa_public(modulus, exponent, identifier)}


def _ed25519(point: bytes) -> dict[str, Json]:
    return {"type": "ed25519", "public_key": der.public_key(der.ED25519, point)}


_KEYS: tuple[tuple[str, dict[str, Json], int], ...] = (
    ("a point of order one", _ed25519(_ONE), 204),
    ("a point of order four", _ed25519(bytes(32)), 204),
    ("no point", _ed25519((2).to_bytes(32, "little")), 204),
    ("a point in another form", _ed25519((2**255 - 18).to_bytes(32, "little")), 204),
    ("an even modulus", _rsa(_MODULUS - 1, 65537), 204),
    ("a square", _rsa(_NUMBERS.p**2, 65537), 204),
    ("an even exponent", _rsa(_MODULUS, 65536), 204),
    ("the exponent one", _rsa(_MODULUS, 1), 204),
    ("an exponent of 65 bits", _rsa(_MODULUS, 2**64 + 1), 500),
    ("a public key for PSS", _rsa(_MODULUS, 65537, der.PSS), 500),
    ("a public key for PSS with parameters", _rsa(_MODULUS, 65537, der.PSS + der.pss_parameters(32)), 500),
    ("a private key for PSS", {"type": "rsa-2048", "ciphertext": "{blob_pss}"}, 204),
    ("another coefficient", {"type": "rsa-2048", "ciphertext": "{blob_coefficient}"}, 500),
    ("another exponent", {"type": "rsa-2048", "ciphertext": "{blob_exponent}"}, 500),
    ("three primes", {"type": "rsa-2048", "ciphertext": "{blob_three_primes}"}, 204),
)

_import = Scenario(
    "transit-key-validation",
    engine="transit",
    steps=(
        Step("wrapping key", "GET {m}/wrapping_key", 200, saves={"wrapping_key": "data.public_key"}),
        Step("wrap", "LIST {m}/keys", 200, prepares=_wrap),
        *(
            Step(f"import {name}", f"POST {{m}}/keys/k{number}/import", status, body)
            for number, (name, body, status) in enumerate(_KEYS)
        ),
    ),
)

SCENARIOS = (_import,)
