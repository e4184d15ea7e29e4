"""SLH-DSA (FIPS 205): hash-based signatures, hedged; slow, and large.

The twelve parameter sets differ in the hash (SHA-2 or SHAKE), the strength (128, 192 or 256 bits), and in small (``s``,
slow to make) or fast (``f``, larger) signatures. Messages are signed directly, or by their hash (HashSLH-DSA), which
the provider computes over the whole message: it takes no digest.
"""

from __future__ import annotations

import secrets

from engines.algorithms.base import BadSignature, Material, NoPrivateKey, SignatureOptions
from engines.algorithms.hashes import Hash
from engines.algorithms.row import (
    Algorithm,
    Capabilities,
    Fips,
    Pace,
    Pacing,
    Primitive,
    SignatureVariants,
    Sizes,
    Strength,
)
from engines.algorithms.signatures import slhdsa_process
from engines.algorithms.signatures.pair_keys import PairKeys
from engines.encoding import encode_base64
from engines.faults import InvalidRequest, Unavailable

KEY_TYPE = "slh-dsa"
"""Vault's key type."""

MISPRINTED = {f"{KEY_TYPE}-shake-128": f"{KEY_TYPE}-shake-128f"}
"""The text in Vault's documentation for a parameter set whose name is missing there."""

_CATEGORIES = {128: 1, 192: 3, 256: 5}


class ParameterSet:
    """One of the twelve (FIPS 205, section 11)."""

    def __init__(self, hash_name: str, bits: int, kind: str, signature_bytes: int) -> None:
        self.name = f"{KEY_TYPE}-{hash_name}-{bits}{kind}"
        """As Vault's API writes it; the standard has it in upper case but for the last letter."""

        self.bits = bits
        self.public_bytes = bits // 4
        self.private_bytes = bits // 2
        self.signature_bytes = signature_bytes
        self._module = f"slh_dsa_{hash_name}_{bits}{kind}"

    @property
    def standard_name(self) -> str:
        """The name in FIPS 205."""
        return self.name[:-1].upper() + self.name[-1]

    def ask(self, operation: str, *arguments: bytes, hash_: Hash | None = None) -> list[bytes] | None:
        """The provider's result; None for an invalid signature. Raises ``Unavailable``.

        ``hash_`` is HashSLH-DSA's; None signs and verifies the message itself.
        """
        if not slhdsa_process.installed():
            raise Unavailable(f"no provider that is installed serves {self.name}")
        succeeded, *results = slhdsa_process.ask([operation, self._module, _provider_name(hash_), *arguments])
        return results if succeeded else None

    def generate(self, _: int = 0) -> Material:
        """A new key pair."""
        made = self.ask("generate")
        assert made is not None, "making a key needs nothing that could be wrong"
        return Material(private=made[1], public=made[0])

    def material(self, private: bytes) -> Material:
        """The key pair with this private key, whose second half is the public key. Raises ``ValueError``."""
        if len(private) != self.private_bytes:
            raise ValueError(f"a private key has {self.private_bytes} bytes")
        return Material(private, private[self.public_bytes :])

    def check_public(self, public: bytes) -> None:
        """Raises ``ValueError`` for a wrong length; any bytes of the right one are valid."""
        if len(public) != self.public_bytes:
            raise ValueError(f"a public key has {self.public_bytes} bytes")

    def check_pair(self, material: Material) -> None:
        """Raises ``ValueError`` unless a signature by the private part verifies with the public part."""
        message = secrets.token_bytes(16)
        signed = self.ask("sign", material.private, message, b"")
        if signed is None or self.ask("verify", material.public, message, signed[0], b"") is None:
            raise ValueError("not a key pair")


class SlhDsa:
    """One key pair."""

    __slots__ = ("_material", "_parameters")

    def __init__(self, parameters: ParameterSet, material: Material) -> None:
        self._parameters = parameters
        self._material = material

    def sign(self, message: bytes, options: SignatureOptions) -> bytes:
        """The signature, bound to ``options.context``; other threads run meanwhile.

        Raises ``NoPrivateKey`` without a private key, ``InvalidRequest`` for a digest or a hash that is weaker than
        the key, ``Unavailable``.
        """
        if not self._material.private:
            raise NoPrivateKey("requested version for signing does not contain a private part")
        hash_ = _message_hash(options)
        if hash_ is not None and hash_.collision_bits < self._parameters.bits:
            raise InvalidRequest(f"hash_algorithm {hash_.name} is weaker than the key, which it must not be")
        signed = self._parameters.ask("sign", self._material.private, message, options.context, hash_=hash_)
        assert signed is not None, "the lengths of key and context were checked"
        return signed[0]

    def verify(self, message: bytes, signature: bytes, options: SignatureOptions) -> None:
        """Raises ``BadSignature``, ``InvalidRequest`` for a digest or a broken hash, ``Unavailable``."""
        hash_ = _message_hash(options)
        if len(signature) != self._parameters.signature_bytes:
            raise BadSignature
        verified = self._parameters.ask(
            "verify", self._material.public, message, signature, options.context, hash_=hash_
        )
        if verified is None:
            raise BadSignature


def _message_hash(options: SignatureOptions) -> Hash | None:
    """The hash of HashSLH-DSA (FIPS 205, 10.2.2), or None. Raises ``InvalidRequest`` for a digest or a broken hash."""
    if options.prehashed:
        raise InvalidRequest(f"prehashed input is not supported for keys of type {KEY_TYPE}")
    if not options.hash_message:
        return None
    if options.hash is None or not options.hash.collision_bits:
        raise InvalidRequest("hash_algorithm must name the hash to sign, and not a broken one")
    return options.hash


def _provider_name(hash_: Hash | None) -> str:
    """The provider's name of ``hash_``: ``Sha512``, ``Sha3_512``; "" for none."""
    return "" if hash_ is None else "Sha" + hash_.name.removeprefix("sha").removeprefix("2-").replace("-", "_")


def _row(parameters: ParameterSet, number: int, object_identifier: str) -> Algorithm:
    def prepare(material: Material) -> SlhDsa:
        return SlhDsa(parameters, material)

    return Algorithm(
        name=parameters.name,
        shared_key_type=KEY_TYPE,
        type_parameters={"parameter_set": parameters.name},
        number=number,
        standard="FIPS 205",
        family="SLH-DSA",
        primitive=Primitive.SIGNATURE,
        parameter_set=parameters.standard_name,
        sizes=Sizes(
            key_bytes=parameters.private_bytes,
            signature_bytes=parameters.signature_bytes,
            public_key_bytes=parameters.public_bytes,
        ),
        strength=Strength(
            classical_bits=parameters.bits, quantum_category=_CATEGORIES[parameters.bits], fips=Fips.APPROVED
        ),
        object_identifier=object_identifier,
        provider=slhdsa_process.NAME,
        label=parameters.name,
        variants=SignatureVariants(hash_chosen=False, signature_context=True, hash_message=True),
        pacing=Pacing(generating=Pace.LONG, signing=Pace.LONG, verifying=Pace.BRIEF),
        generate=parameters.generate,
        interchange=PairKeys(
            parameters.name, object_identifier, parameters.material, parameters.check_public, parameters.check_pair
        ),
        capabilities=Capabilities(signature=prepare),
        public_text=encode_base64,
    )


_NIST = "2.16.840.1.101.3.4.3."

# In the order of the object identifiers, by hash, and of FIPS 205, table 2.
PARAMETER_SETS = tuple(
    ParameterSet(hash_name, bits, kind, signature_bytes)
    for hash_name in ("sha2", "shake")
    for bits, kind, signature_bytes in (
        (128, "s", 7856),
        (128, "f", 17088),
        (192, "s", 16224),
        (192, "f", 35664),
        (256, "s", 29792),
        (256, "f", 49856),
    )
)

ALGORITHMS = tuple(
    _row(parameters, 1012 + index, f"{_NIST}{20 + index}") for index, parameters in enumerate(PARAMETER_SETS)
)
