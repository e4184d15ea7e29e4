"""Formats of ML-KEM keys: seed, expanded, PKCS#8 and SubjectPublicKeyInfo (RFC 9935), JWK."""

from __future__ import annotations

from cryptography.hazmat import asn1

from engines.algorithms.base import Material
from engines.algorithms.encodings.kem_formats import KemFormat
from engines.algorithms.encodings.key_info import (
    BothForms,
    decode_strictly,
    open_private_key_info,
    open_public_key_info,
    private_key_info,
    public_key_info,
)
from engines.algorithms.encodings.pem import pem, public_key_pem, unarmored
from engines.algorithms.kem.kem_keys import BaseKemKeys
from engines.algorithms.kem.mlkem_parameters import SEED_BYTES, ParameterSet, PrivateKey, stored_key
from engines.algorithms.kem.providers import able, choose, having
from engines.algorithms.row import OPENSSL
from engines.encoding import encode_base64
from engines.faults import InvalidRequest

_SEED_HEADER = bytes([0x80, SEED_BYTES])
"""``[0] IMPLICIT OCTET STRING`` of a seed's length, the first choice of an ML-KEM-PrivateKey."""


class MlKemKeys(BaseKemKeys):
    """Keys of one parameter set, whose API name is ``name``."""

    def __init__(self, name: str, parameters: ParameterSet) -> None:
        super().__init__(name, parameters.name)
        self._parameters = parameters

    def _seed_length(self) -> int:
        return SEED_BYTES

    def _raw_lengths(self) -> frozenset[int]:
        expanded = self._parameters.expanded_bytes
        return frozenset({SEED_BYTES, expanded, SEED_BYTES + expanded})

    def material(self, private: bytes) -> Material:
        """As ``BaseKemKeys.material``; given forms must be of the same key."""
        return self.material_of(stored_key(self._parameters, private))

    def material_of(self, key: PrivateKey) -> Material:
        """``key`` in stored form. Raises ``ValueError`` if its parts don't match, or ``NoProvider``.

        The seed alone is stored if every installation can use it; else also its expanded form, for providers that don't
        take seeds.
        """
        parameters = self._parameters
        if key.seed and key.expanded:
            parameters.check_seed(key.seed, key.expanded)
        if not key.seed:
            public = parameters.public_in(key.expanded)
            self._check_pair(key, public)
            return Material(key.stored(), public)
        provider = choose(self._name, parameters, PrivateKey(seed=key.seed))
        public = provider.public_of(parameters, key.seed)
        expanded = provider.expand(parameters, key.seed)
        if key.expanded:
            if public != parameters.public_in(key.expanded) or expanded not in (None, key.expanded):
                raise ValueError("the seed is not that of the expanded key")
            self._check_pair(PrivateKey(expanded=key.expanded), public)
        portable = any(each.name == OPENSSL for each in having(parameters))
        kept = PrivateKey(key.seed) if portable or expanded is None else PrivateKey(key.seed, expanded)
        return Material(kept.stored(), public)

    def _check_pair(self, key: PrivateKey, public: bytes) -> None:
        """Raises ``ValueError`` unless ``key`` decapsulates what is encapsulated to ``public``."""
        provider = choose(self._name, self._parameters, key)
        shared_secret, ciphertext = provider.encapsulator(self._parameters, public)()
        if provider.decapsulator(self._parameters, key)(ciphertext) != shared_secret:
            raise ValueError("not a key pair")

    def check_public(self, public: bytes) -> None:
        """As ``BaseKemKeys.check_public`` (FIPS 203, 7.2)."""
        if len(public) != self._parameters.public_bytes:
            raise ValueError(f"a public {self._parameters.name} key has {self._parameters.public_bytes} bytes")
        choose(self._name, self._parameters).encapsulator(self._parameters, public)()

    def _private_from_der(self, der: bytes) -> Material:
        content, public = open_private_key_info(self._parameters.object_identifier, der)
        material = self._private_from_content(content)
        if public not in (None, material.public):
            raise ValueError("the public key belongs to another private key")
        return material

    def _private_from_content(self, content: bytes) -> Material:
        """The key in an ML-KEM-PrivateKey (RFC 9935): the seed, the expanded key, or both."""
        if content[: len(_SEED_HEADER)] == _SEED_HEADER and len(content) == len(_SEED_HEADER) + SEED_BYTES:
            return self.material_of(PrivateKey(seed=content[len(_SEED_HEADER) :]))
        if content[:1] == b"\x04":
            return self.material_of(PrivateKey(expanded=decode_strictly(bytes, content)))
        both = decode_strictly(BothForms, content)
        if len(both.seed) != SEED_BYTES:
            raise ValueError("not a seed")
        return self._material_of_both(PrivateKey(both.seed, both.expanded))

    def _material_of_both(self, key: PrivateKey) -> Material:
        """As ``material_of``; without a provider that takes the seed, the seed is checked partially, and not stored."""
        if any(provider.takes_seeds for provider in able(self._name, self._parameters)):
            return self.material_of(key)
        self._parameters.check_seed(key.seed, key.expanded)
        return self.material_of(PrivateKey(expanded=key.expanded))

    def _public_from_pem(self, text: str) -> bytes:
        return open_public_key_info(self._parameters.object_identifier, unarmored(text, "PUBLIC KEY"))

    def private_text(self, material: Material, form: KemFormat) -> str:
        """As ``KemKeys.private_text``: PEM unless another form is asked for."""
        key = stored_key(self._parameters, material.private)
        if form is KemFormat.RAW:
            form = KemFormat.SEED if key.seed else KemFormat.EXPANDED
        if form is KemFormat.EXPANDED:
            return encode_base64(self._expanded(key))
        if form in (KemFormat.SEED, KemFormat.JWK):
            if not key.seed:
                raise InvalidRequest(f"this key is known in expanded form alone, and so has no form {form.value!r}")
            return encode_base64(key.seed) if form is KemFormat.SEED else self.jwk(material.public, key.seed)
        der = self._pkcs8(key)
        return encode_base64(der) if form is KemFormat.DER else pem("PRIVATE KEY", der)

    def _expanded(self, key: PrivateKey) -> bytes:
        if key.expanded:
            return key.expanded
        for provider in having(self._parameters):
            expanded = provider.expand(self._parameters, key.seed)
            if expanded is not None:
                return expanded
        raise InvalidRequest("this key is kept as a seed, and no provider that is installed expands seeds; see liboqs")

    def _pkcs8(self, key: PrivateKey) -> bytes:
        """PKCS#8 with the seed if it is known, else with the expanded key."""
        content = _SEED_HEADER + key.seed if key.seed else asn1.encode_der(key.expanded)
        return private_key_info(self._parameters.object_identifier, content)

    def public_text(self, public: bytes, form: KemFormat = KemFormat.DEFAULT) -> str:
        """As ``KemKeys.public_text``: PEM unless another form is asked for."""
        if form is KemFormat.RAW:
            return encode_base64(public)
        if form is KemFormat.JWK:
            return self.jwk(public)
        if form in (KemFormat.SEED, KemFormat.EXPANDED):
            raise self.no_form(form)
        der = public_key_info(self._parameters.object_identifier, public)
        return encode_base64(der) if form is KemFormat.DER else public_key_pem(der)
