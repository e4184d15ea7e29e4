"""Key encapsulation against vectors from outside, its providers against each other, and both against OpenSSL's command.

Vectors: the known answers of NIST's ML-KEM and the vectors of draft-ietf-hpke-pq, both out of cryptography-vectors, and
those of X-Wing's draft in ``xwing.json``.
"""

from __future__ import annotations

import base64
import itertools
import json
import re
import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import pytest

from engines.algorithms.base import Material
from engines.algorithms.encodings.kem_formats import KemFormat
from engines.algorithms.kem import mlkem_liboqs, providers
from engines.algorithms.kem.hpke import HKDF_SHA256, HKDF_SHA384, Suite
from engines.algorithms.kem.hybrid_kems import X25519_MLKEM_768
from engines.algorithms.kem.mlkem import MLKEM_512, MLKEM_768, MLKEM_1024
from engines.algorithms.kem.mlkem_parameters import PARAMETER_SETS, ParameterSet, PrivateKey
from engines.algorithms.kem.providers import MlKemProvider, NoProvider, having, installed
from engines.algorithms.pins import pin_providers
from engines.algorithms.registry import KEM_ALGORITHMS
from tests.engines.algorithms.kem.answers import (
    PROVIDERS,
    ROWS,
    VECTORS_READ,
    hpke_vectors,
    known_answers,
    label,
    takes,
)
from tests.engines.algorithms.vectors import hexadecimal


@pytest.fixture
def unpinned() -> Iterator[None]:
    """Lifts the pins that a test makes."""
    yield
    pin_providers("")


class TestKnownAnswers:
    @pytest.mark.parametrize(("parameters", "provider"), PROVIDERS, ids=label)
    def test_decapsulation_gives_what_nist_says(self, parameters: ParameterSet, provider: MlKemProvider) -> None:
        checked = 0
        for case in known_answers(parameters):
            keys = [PrivateKey(expanded=hexadecimal(case, "sk"))] if provider.takes_expanded else []
            if provider.takes_seeds:
                seed = hexadecimal(case, "d") + hexadecimal(case, "z")
                keys.append(PrivateKey(seed=seed))
                assert provider.public_of(parameters, seed) == hexadecimal(case, "pk")
                assert provider.expand(parameters, seed) in (None, hexadecimal(case, "sk"))
            for key in keys:
                decapsulate = provider.decapsulator(parameters, key)
                assert decapsulate(hexadecimal(case, "ct")) == hexadecimal(case, "ss")
                # A ciphertext that isn't one of this key is rejected implicitly: by another secret, always the same.
                assert decapsulate(hexadecimal(case, "ct_n")) == hexadecimal(case, "ss_n")
                checked += 1
            assert parameters.public_in(hexadecimal(case, "sk")) == hexadecimal(case, "pk")
        assert checked >= VECTORS_READ

    def test_x_wing_gives_what_its_draft_says(self) -> None:
        vectors = json.loads((Path(__file__).parent / "xwing.json").read_text())
        for vector in vectors:
            material = X25519_MLKEM_768.interchange.import_private(bytes.fromhex(vector["sk"]))
            encapsulation = X25519_MLKEM_768.capabilities.encapsulation
            assert encapsulation is not None
            shared_secret = encapsulation(material).decapsulate(bytes.fromhex(vector["ct"]))
            assert shared_secret.hex() == vector["ss"]
        assert len(vectors) == 2

    @pytest.mark.parametrize("row", KEM_ALGORITHMS.values(), ids=label)
    def test_kem_and_key_schedule_give_what_the_draft_of_hpke_says(self, row: Any) -> None:
        checked = 0
        for case in hpke_vectors(row.capabilities.hpke.kem):
            shared_secret = bytes.fromhex(case["shared_secret"])
            if "seed" in takes(row):
                material = row.interchange.import_private(bytes.fromhex(case["skRm"]))
                assert material.public.hex() == case["pkRm"]
                assert row.capabilities.encapsulation(material).decapsulate(bytes.fromhex(case["enc"])) == shared_secret
            if case["kdf_id"] not in (HKDF_SHA256, HKDF_SHA384):
                continue
            suite = Suite(case["kem_id"], case["kdf_id"], case["aead_id"], row.sizes.ciphertext_bytes)
            cipher, nonce = suite.cipher(shared_secret, bytes.fromhex(case["info"]))
            assert nonce.hex() == case["base_nonce"]
            for number, message in enumerate(case["encryptions"]):
                nonce_here = (int.from_bytes(nonce, "big") ^ number).to_bytes(len(nonce), "big")
                sealed = cipher.seal(nonce_here, bytes.fromhex(message["pt"]), bytes.fromhex(message["aad"]))
                assert (nonce_here.hex(), sealed.hex()) == (message["nonce"], message["ct"])
                checked += 1
        assert checked > 0


class TestProviders:
    @pytest.mark.parametrize("parameters", PARAMETER_SETS, ids=label)
    def test_what_one_makes_each_other_opens(self, parameters: ParameterSet) -> None:
        """Keys go from one provider to the next in the forms that both know."""
        able = having(parameters)
        case = next(known_answers(parameters))
        key = PrivateKey(hexadecimal(case, "d") + hexadecimal(case, "z"), hexadecimal(case, "sk"))
        public = hexadecimal(case, "pk")
        for maker, opener in itertools.product(able, able):
            shared_secret, ciphertext = maker.encapsulator(parameters, public)()
            assert opener.decapsulator(parameters, key)(ciphertext) == shared_secret
            tampered = bytes([ciphertext[0] ^ 1]) + ciphertext[1:]
            rejected = maker.decapsulator(parameters, key)(tampered)
            assert rejected == opener.decapsulator(parameters, key)(tampered) != shared_secret
        for maker in able:
            made = maker.generate(parameters)
            assert made.expanded or made.seed

    @pytest.mark.parametrize(("parameters", "provider"), PROVIDERS, ids=label)
    def test_wrong_keys_are_refused(self, parameters: ParameterSet, provider: MlKemProvider) -> None:
        for public in (b"", b"\xff" * parameters.public_bytes, bytes(parameters.public_bytes - 1)):
            with pytest.raises(ValueError):
                provider.encapsulator(parameters, public)()

    def test_openssl_and_pqcrypto_are_there(self) -> None:
        assert {"openssl", "pqcrypto"} <= set(installed())

    def test_liboqs_is_not_imported_without_its_library(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """Importing liboqs-python would download and build what it doesn't find."""

        def refuse(name: str) -> None:
            raise AssertionError(f"{name} was imported")

        monkeypatch.setattr(mlkem_liboqs, "find_spec", lambda name: object())
        monkeypatch.setattr(mlkem_liboqs, "import_module", refuse)
        monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
        monkeypatch.setenv("OQS_INSTALL_PATH", str(tmp_path))
        assert mlkem_liboqs.load() is None
        (tmp_path / "lib").mkdir()
        (tmp_path / "lib" / "liboqs.so").write_bytes(b"not a library")
        assert mlkem_liboqs.load() is None
        monkeypatch.setattr("ctypes.CDLL", lambda path: object())
        with pytest.raises(AssertionError, match="oqs was imported"):
            mlkem_liboqs.load()

    @pytest.mark.usefixtures("unpinned")
    def test_a_pin_lets_nobody_else_serve(self) -> None:
        assert MLKEM_768.served_by == "openssl"
        pin_providers("ml-kem-768=pqcrypto")
        assert MLKEM_768.served_by == "pqcrypto"
        assert MLKEM_1024.served_by == "openssl"
        assert MLKEM_768.capabilities.encapsulation is not None
        material = MLKEM_768.generate(0)
        assert len(material.private) == MLKEM_768.sizes.key_bytes
        shared_secret, ciphertext = MLKEM_768.capabilities.encapsulation(material).encapsulate()
        assert MLKEM_768.capabilities.encapsulation(material).decapsulate(ciphertext) == shared_secret
        with pytest.raises(NoProvider, match="for keys in seed form"):
            MLKEM_768.interchange.import_private(bytes(64))
        pin_providers("")
        assert MLKEM_768.capabilities.encapsulation(material).decapsulate(ciphertext) == shared_secret

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("ml-kem-768", "is not ALGORITHM=PROVIDER"),
            ("ml-kem-768=nobody", "is not ALGORITHM=PROVIDER"),
            ("nothing=openssl", "can't be served by 'openssl'$"),
            ("ml-kem-512=openssl", "can't be served by 'openssl', but by .*pqcrypto"),
            ("x25519-ml-kem-768=pqcrypto", "can't be served"),
            ("aes256-gcm96=openssl", "can't be served"),
        ],
    )
    @pytest.mark.usefixtures("unpinned")
    def test_a_pin_that_can_not_be_is_an_error_and_changes_nothing(self, text: str, message: str) -> None:
        pin_providers("ml-kem-768=pqcrypto")
        with pytest.raises(ValueError, match=message):
            pin_providers(text)
        assert MLKEM_768.served_by == "pqcrypto"


class FakeLiboqs:
    """The part of ``liboqs-python``'s interface that is used, over known answers and pqcrypto.

    It shows that the adaptor keeps to that interface and what more keys can do with liboqs; the maths isn't liboqs's.
    """

    seeds: ClassVar[dict[tuple[str, bytes], bytes]] = {}
    """Expanded keys by their parameters and seeds."""

    @staticmethod
    def get_enabled_kem_mechanisms() -> tuple[str, ...]:
        return (*(parameters.name for parameters in PARAMETER_SETS), "HQC-128")

    class KeyEncapsulation:
        def __init__(self, name: str, secret_key: bytes | None = None) -> None:
            self._name = name
            self._module = import_module("pqcrypto.kem." + name.lower().replace("-", "_"))
            self.secret_key = secret_key
            self.open = False

        def __enter__(self) -> FakeLiboqs.KeyEncapsulation:
            self.open = True
            return self

        def __exit__(self, *_: object) -> None:
            self.open = False

        def generate_keypair_seed(self, seed: bytes) -> None:
            assert self.open
            self.secret_key = FakeLiboqs.seeds[self._name, seed]

        def export_secret_key(self) -> bytes:
            assert self.open and self.secret_key
            return self.secret_key

        def encap_secret(self, public: bytes) -> tuple[bytes, bytes]:
            assert self.open
            try:
                ciphertext, shared_secret = self._module.encaps(public)
            except ValueError:
                raise RuntimeError("Can not encapsulate secret") from None
            return ciphertext, shared_secret

        def decap_secret(self, ciphertext: bytes) -> bytes:
            assert self.open
            shared_secret: bytes = self._module.decaps(self.secret_key, ciphertext)
            return shared_secret


@pytest.fixture
def liboqs(monkeypatch: pytest.MonkeyPatch) -> MlKemProvider:
    """The adaptor to liboqs, installed between the other providers as it would be."""
    for parameters in PARAMETER_SETS:
        for case in itertools.islice(known_answers(parameters), 2):
            seed = hexadecimal(case, "d") + hexadecimal(case, "z")
            FakeLiboqs.seeds[parameters.name, seed] = hexadecimal(case, "sk")
    provider = mlkem_liboqs.LiboqsMlKem(FakeLiboqs)
    there = dict(installed())
    everybody = {"openssl": there["openssl"], "liboqs": provider, "pqcrypto": there["pqcrypto"]}
    monkeypatch.setattr(providers, "installed", lambda: everybody)
    return provider


class TestLiboqs:
    @pytest.mark.parametrize("row", ROWS.values(), ids=label)
    def test_with_it_every_key_has_both_forms(self, liboqs: MlKemProvider, row: Any) -> None:
        parameters = next(parameters for parameters in PARAMETER_SETS if parameters.name == row.label)
        case = next(known_answers(parameters))
        seed, expanded = hexadecimal(case, "d") + hexadecimal(case, "z"), hexadecimal(case, "sk")
        material = row.interchange.import_private(seed)
        # Where OpenSSL can't take the seed, what it expands to is kept too, so that the key outlives liboqs.
        assert material == Material(seed + expanded if row is MLKEM_512 else seed, hexadecimal(case, "pk"))
        assert base64.b64decode(row.capabilities.kem_keys.private_text(material, KemFormat.EXPANDED)) == expanded
        assert base64.b64decode(row.capabilities.kem_keys.private_text(material, KemFormat.SEED)) == seed
        assert row.capabilities.encapsulation(material).decapsulate(hexadecimal(case, "ct")) == hexadecimal(case, "ss")
        for form in (KemFormat.PEM, KemFormat.JWK):
            assert (
                row.interchange.import_private(row.capabilities.kem_keys.private_text(material, form).encode())
                == material
            )

    def test_it_is_asked_before_pqcrypto_and_after_openssl(self, liboqs: MlKemProvider) -> None:
        assert [row.served_by for row in ROWS.values()] == ["liboqs", "openssl", "openssl"]

    @pytest.mark.parametrize("parameters", PARAMETER_SETS, ids=label)
    def test_the_adaptor_does_what_a_provider_does(self, liboqs: MlKemProvider, parameters: ParameterSet) -> None:
        case = next(known_answers(parameters))
        seed = hexadecimal(case, "d") + hexadecimal(case, "z")
        assert liboqs.public_of(parameters, seed) == hexadecimal(case, "pk")
        for key in (PrivateKey(seed=seed), PrivateKey(expanded=hexadecimal(case, "sk"))):
            assert liboqs.decapsulator(parameters, key)(hexadecimal(case, "ct")) == hexadecimal(case, "ss")
        shared_secret, ciphertext = liboqs.encapsulator(parameters, hexadecimal(case, "pk"))()
        assert liboqs.decapsulator(parameters, PrivateKey(seed=seed))(ciphertext) == shared_secret
        for public in (b"", b"\xff" * parameters.public_bytes):
            with pytest.raises(ValueError, match="public"):
                liboqs.encapsulator(parameters, public)


OPENSSL_LEAST = (3, 5)


def openssl_version() -> tuple[int, int]:
    try:
        text = subprocess.run(["openssl", "version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return (0, 0)
    match = re.match(r"OpenSSL (\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else (0, 0)


@pytest.mark.skipif(openssl_version() < OPENSSL_LEAST, reason="the command openssl is missing or older than 3.5")
@pytest.mark.parametrize("row", ROWS.values(), ids=label)
class TestOpenSslCommand:
    """OpenSSL's command line as an oracle that shares no code with the providers' bindings."""

    def run(self, *arguments: str | Path) -> None:
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    @pytest.mark.parametrize("form", ["seed-only", "priv-only", "seed-priv"])
    def test_its_keys_come_in_and_its_ciphertexts_open(self, row: Any, form: str, tmp_path: Path) -> None:
        private, public, ciphertext, secret = (tmp_path / name for name in ("k", "p", "c", "s"))
        self.run("genpkey", "-algorithm", row.label, "-provparam", f"ml-kem.output_formats={form}", "-out", private)
        self.run("pkey", "-in", private, "-pubout", "-out", public)
        self.run("pkeyutl", "-encap", "-pubin", "-inkey", public, "-secret", secret, "-out", ciphertext)
        if form == "seed-only" and "seed" not in takes(row):
            with pytest.raises(NoProvider):
                row.interchange.import_private(private.read_bytes())
            return
        material = row.interchange.import_private(private.read_bytes())
        assert row.interchange.import_public(public.read_text()).public == material.public
        assert row.public_text(material.public) == public.read_text()
        assert row.capabilities.encapsulation(material).decapsulate(ciphertext.read_bytes()) == secret.read_bytes()
        tampered = bytearray(ciphertext.read_bytes())
        tampered[100] ^= 4
        ciphertext.write_bytes(tampered)
        self.run("pkeyutl", "-decap", "-inkey", private, "-in", ciphertext, "-secret", secret)
        assert row.capabilities.encapsulation(material).decapsulate(bytes(tampered)) == secret.read_bytes()

    def test_it_opens_ours_with_keys_that_go_out(self, row: Any, tmp_path: Path) -> None:
        material = row.generate(0)
        shared_secret, made = row.capabilities.encapsulation(material).encapsulate()
        private, ciphertext, secret = (tmp_path / name for name in ("k", "c", "s"))
        private.write_text(row.capabilities.kem_keys.private_text(material, KemFormat.PEM))
        ciphertext.write_bytes(made)
        self.run("pkeyutl", "-decap", "-inkey", private, "-in", ciphertext, "-secret", secret)
        assert secret.read_bytes() == shared_secret
