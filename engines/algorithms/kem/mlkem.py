"""ML-KEM (FIPS 203): key encapsulation designed to resist quantum computers."""

from __future__ import annotations

from engines.algorithms.base import BadCiphertext, Material, NoPrivateKey
from engines.algorithms.kem import hpke
from engines.algorithms.kem.mlkem_keys import MlKemKeys
from engines.algorithms.kem.mlkem_parameters import (
    ML_KEM_512,
    ML_KEM_768,
    ML_KEM_1024,
    SHARED_SECRET_BYTES,
    ParameterSet,
    stored_key,
)
from engines.algorithms.kem.providers import Decapsulate, Encapsulate, able, choose, having
from engines.algorithms.row import Algorithm, Capabilities, Fips, Primitive, Sizes, Strength


class MlKem:
    """One key pair; each half is prepared on first use."""

    __slots__ = ("_decapsulate", "_encapsulate", "_material", "_parameters", "_row")

    def __init__(self, row: str, parameters: ParameterSet, material: Material) -> None:
        self._row = row
        self._parameters = parameters
        self._material = material
        self._encapsulate: Encapsulate | None = None
        self._decapsulate: Decapsulate | None = None

    def encapsulate(self) -> tuple[bytes, bytes]:
        """A shared secret of 32 bytes and its ciphertext."""
        if self._encapsulate is None:
            provider = choose(self._row, self._parameters)
            self._encapsulate = provider.encapsulator(self._parameters, self._material.public)
        return self._encapsulate()

    def decapsulate(self, ciphertext: bytes) -> bytes:
        """The shared secret. Raises ``BadCiphertext`` for a wrong length, ``NoPrivateKey`` without a private key."""
        if self._decapsulate is None:
            if not self._material.private:
                raise NoPrivateKey("requested version does not contain a private part")
            key = stored_key(self._parameters, self._material.private)
            self._decapsulate = choose(self._row, self._parameters, key).decapsulator(self._parameters, key)
        if len(ciphertext) != self._parameters.ciphertext_bytes:
            raise BadCiphertext
        return self._decapsulate(ciphertext)


def _row(parameters: ParameterSet, suite: hpke.Suite, *, cnsa_2: bool = False) -> Algorithm:
    name = parameters.name.lower()
    keys = MlKemKeys(name, parameters)

    def generate(_: int) -> Material:
        return keys.material_of(choose(name, parameters).generate(parameters))

    def prepare(material: Material) -> MlKem:
        return MlKem(name, parameters, material)

    def could_serve() -> tuple[str, ...]:
        return tuple(provider.name for provider in having(parameters))

    def serves() -> str:
        return next((provider.name for provider in able(name, parameters)), "")

    return Algorithm(
        name=name,
        number=None,
        standard="FIPS 203",
        family="ML-KEM",
        primitive=Primitive.KEY_ENCAPSULATION,
        parameter_set=parameters.name.removeprefix("ML-KEM-"),
        sizes=Sizes(
            key_bytes=parameters.expanded_bytes,
            public_key_bytes=parameters.public_bytes,
            ciphertext_bytes=parameters.ciphertext_bytes,
            shared_secret_bytes=SHARED_SECRET_BYTES,
        ),
        strength=Strength(
            classical_bits=parameters.classical_bits,
            quantum_category=parameters.category,
            fips=Fips.APPROVED,
            cnsa_2=cnsa_2,
        ),
        object_identifier=parameters.object_identifier,
        could_serve=could_serve,
        serves=serves,
        label=parameters.name,
        generate=generate,
        interchange=keys,
        capabilities=Capabilities(encapsulation=prepare, hpke=suite, kem_keys=keys),
        public_text=keys.public_text,
    )


def _suite(kem: int, kdf: int, parameters: ParameterSet) -> hpke.Suite:
    return hpke.Suite(kem, kdf, hpke.AES256, parameters.ciphertext_bytes)


MLKEM_512 = _row(ML_KEM_512, _suite(0x0040, hpke.HKDF_SHA256, ML_KEM_512))
MLKEM_768 = _row(ML_KEM_768, _suite(0x0041, hpke.HKDF_SHA256, ML_KEM_768))
MLKEM_1024 = _row(ML_KEM_1024, _suite(0x0042, hpke.HKDF_SHA384, ML_KEM_1024), cnsa_2=True)

ALGORITHMS = (MLKEM_512, MLKEM_768, MLKEM_1024)
