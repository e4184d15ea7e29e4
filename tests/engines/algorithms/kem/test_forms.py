"""Forms of encapsulation keys, and the transition plans for their algorithms."""

from __future__ import annotations

import base64
import itertools
from typing import Any

import cryptography_vectors
import pytest

from engines.algorithms.base import Material
from engines.algorithms.encodings.kem_formats import KemFormat
from engines.algorithms.kem.hpke import Suite, _kept_schedule_context
from engines.algorithms.kem.mlkem import MLKEM_768, MLKEM_1024
from engines.algorithms.kem.mlkem_parameters import PARAMETER_SETS
from engines.algorithms.registry import ALGORITHMS, KEM_ALGORITHMS
from engines.faults import InvalidRequest
from tests.engines.algorithms.kem.answers import ROWS, known_answers, label
from tests.engines.algorithms.vectors import hexadecimal


class TestForms:
    @pytest.mark.parametrize("row", KEM_ALGORITHMS.values(), ids=label)
    def test_keys_come_back_from_every_form_that_they_have(self, row: Any) -> None:
        material = row.generate(0)
        forms = []
        for form in KemFormat:
            try:
                private = row.capabilities.kem_keys.private_text(material, form)
            except InvalidRequest:
                continue
            forms.append(form)
            binary = form in (KemFormat.RAW, KemFormat.SEED, KemFormat.EXPANDED, KemFormat.DER)
            binary = binary or (form is KemFormat.DEFAULT and not private.startswith("-----"))
            data = base64.b64decode(private) if binary else private.encode()
            back = row.interchange.import_private(data)
            if form is KemFormat.EXPANDED and len(material.private) != row.sizes.key_bytes:
                # The seed is lost, as where liboqs expands one; the key is the same.
                shared_secret, ciphertext = row.capabilities.encapsulation(material).encapsulate()
                assert back.public == material.public
                assert row.capabilities.encapsulation(back).decapsulate(ciphertext) == shared_secret
            else:
                assert back == material
        assert {KemFormat.DEFAULT, KemFormat.RAW} <= set(forms)
        for form in (KemFormat.DEFAULT, KemFormat.RAW, KemFormat.JWK):
            public = row.capabilities.kem_keys.public_text(material.public, form)
            assert row.interchange.import_public(public) == Material(b"", material.public)

    def test_seed_and_expanded_key_must_be_of_one_key(self) -> None:
        first, second = itertools.islice(known_answers(PARAMETER_SETS[1]), 2)
        seed = hexadecimal(first, "d") + hexadecimal(first, "z")
        forms = MLKEM_768.interchange
        assert forms.import_private(seed + hexadecimal(first, "sk")) == forms.import_private(seed)
        with pytest.raises(InvalidRequest, match="not a private key"):
            forms.import_private(seed + hexadecimal(second, "sk"))

    def test_an_expanded_key_must_be_whole(self) -> None:
        for parameters, row in zip(PARAMETER_SETS, ROWS.values(), strict=True):
            expanded = hexadecimal(next(known_answers(parameters)), "sk")
            assert row.interchange.import_private(expanded).private == expanded
            hash_place = len(expanded) - 64
            for place in (10, hash_place - 100, hash_place):
                broken = bytearray(expanded)
                broken[place] ^= 1
                with pytest.raises(InvalidRequest, match="not a private key"):
                    row.interchange.import_private(bytes(broken))

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"x",
            b"{",
            b"{}",
            b"[" * 3000,
            b'{"kty":"AKP", "alg":"ML-KEM-768"}',
            b'{"kty":"AKP","alg":"ML-KEM-768","priv":"AAAA","pub":"AAAA"}',
            b'{"kty":"AKP","alg":"ML-KEM-768","priv":5,"pub":[]}',
            b'{"kty":"OKP","alg":"ML-KEM-768","priv":"AAAA","pub":"AAAA"}',
            b"-----BEGIN PRIVATE KEY-----\n!!!\n-----END PRIVATE KEY-----\n",
            b"-----BEGIN PRIVATE KEY-----\xff",
            b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
            b"\x30\x03\x02\x01\x00",
            bytes(40_000),
        ],
    )
    def test_what_is_no_key_is_refused(self, data: bytes) -> None:
        for row in KEM_ALGORITHMS.values():
            with pytest.raises(InvalidRequest, match="not a private key of type"):
                row.interchange.import_private(data)
            with pytest.raises(InvalidRequest, match="not a public key of type"):
                row.interchange.import_public(data.decode("latin-1"))

    def test_a_key_of_another_parameter_set_is_refused(self) -> None:
        pem = MLKEM_1024.capabilities.kem_keys.private_text(MLKEM_1024.generate(0), KemFormat.PEM)  # type: ignore[union-attr]
        with pytest.raises(InvalidRequest, match="not a private key"):
            MLKEM_768.interchange.import_private(pem.encode())

    def test_der_must_be_canonical(self) -> None:
        forms = MLKEM_768.capabilities.kem_keys
        assert forms is not None
        der = base64.b64decode(forms.private_text(MLKEM_768.generate(0), KemFormat.DER))
        forms.import_private(der)
        for wrong in (der + b"\0", der[:1] + b"\x81" + der[1:], der[:-1]):
            with pytest.raises(InvalidRequest, match="not a private key"):
                forms.import_private(wrong)

    def test_pkcs8_may_have_the_public_key_behind(self) -> None:
        material, other = (MLKEM_768.generate(0) for _ in range(2))
        forms = MLKEM_768.capabilities.kem_keys
        assert forms is not None
        der = base64.b64decode(forms.private_text(material, KemFormat.DER))

        def with_public(public: bytes) -> bytes:
            body = b"\x02\x01\x01" + der[5:] + b"\x81" + b"\x82" + (len(public) + 1).to_bytes(2, "big") + b"\0" + public
            return b"\x30\x82" + len(body).to_bytes(2, "big") + body

        assert forms.import_private(with_public(material.public)) == material
        with pytest.raises(InvalidRequest, match="not a private key"):
            forms.import_private(with_public(other.public))

    def test_the_same_private_key_as_in_the_file_of_the_vectors(self) -> None:
        with cryptography_vectors.open_vector_file("asymmetric/MLKEM/mlkem768.pem", "rb") as file:
            pem = file.read()
        case = next(known_answers(PARAMETER_SETS[1]))
        material = MLKEM_768.interchange.import_private(pem)
        assert material.private == hexadecimal(case, "d") + hexadecimal(case, "z")
        assert MLKEM_768.capabilities.kem_keys is not None
        assert MLKEM_768.capabilities.kem_keys.private_text(material, KemFormat.PEM) == pem.decode()


PLANS = {
    "aes128-gcm96": (None, None, False),
    "aes256-gcm96": (None, None, True),
    "chacha20-poly1305": (None, None, False),
    "xchacha20-poly1305": (None, None, False),
    "aes256-ccm": (None, None, True),
    "aes128-cbc": (None, None, False),
    "aes256-cbc": (None, None, True),
    "aes256-cbc-hmac-sha512": (None, None, True),
    "aes256-xts": (None, None, True),
    "aes128-cmac": (None, None, False),
    "aes192-cmac": (None, None, False),
    "aes256-cmac": (None, None, True),
    "mldsa-44": (None, None, False),
    "mldsa-65": (None, None, False),
    "mldsa-87": (None, None, True),
    "ed25519": (None, 2035, False),
    "ecdsa-p256": (None, 2035, False),
    "ecdsa-p384": (None, 2035, False),
    "ecdsa-p521": (None, 2035, False),
    "rsa-2048": (2030, 2035, False),
    "rsa-3072": (None, 2035, False),
    "rsa-4096": (None, 2035, False),
    "hmac": (None, None, False),
    "ml-kem-512": (None, None, False),
    "ml-kem-768": (None, None, False),
    "ml-kem-1024": (None, None, True),
    "x25519-ml-kem-768": (None, None, False),
    "p384-ml-kem-1024": (None, None, False),
}


@pytest.mark.parametrize("name", PLANS)
def test_the_plans_for_an_algorithm_are_those_of_nist_and_nsa(name: str) -> None:
    plan = ALGORITHMS[name].transition
    assert (plan.deprecated_after, plan.disallowed_after, plan.cnsa_2) == PLANS[name]


def test_long_infos_of_hpke_are_not_kept() -> None:
    suite = KEM_ALGORITHMS["ml-kem-768"].capabilities.hpke
    assert isinstance(suite, Suite)
    _kept_schedule_context.cache_clear()
    for size, kept in ((1024, 1), (1025, 1)):
        aead, nonce = suite.cipher(bytes(32), b"i" * size)
        again, _ = suite.cipher(bytes(32), b"i" * size)
        assert again.open(nonce, aead.seal(nonce, b"text", b""), b"") == b"text"
        assert _kept_schedule_context.cache_info().currsize == kept
