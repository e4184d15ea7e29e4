"""Key encapsulation against vectors from outside, its providers against each other, and both against OpenSSL's command.

Vectors: the known answers of NIST's ML-KEM and the vectors of draft-ietf-hpke-pq, both out of cryptography-vectors, and
those of X-Wing's draft in ``xwing.json``.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import cryptography_vectors
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke as library_hpke
from cryptography.hazmat.primitives.asymmetric import ec, mlkem, x25519

from engines.algorithms.base import BadCiphertext, Material
from engines.algorithms.encodings.kem_formats import KemFormat
from engines.algorithms.kem import hybrid_kems, mlkem_liboqs, providers
from engines.algorithms.kem.hpke import AES256, HKDF_SHA256, HKDF_SHA384, Suite, _kept_schedule_context
from engines.algorithms.kem.hybrid_kems import P384_MLKEM_1024, X25519_MLKEM_768
from engines.algorithms.kem.key_agreement import P384, X25519
from engines.algorithms.kem.mlkem import MLKEM_512, MLKEM_768, MLKEM_1024
from engines.algorithms.kem.mlkem_parameters import PARAMETER_SETS, ParameterSet, PrivateKey
from engines.algorithms.kem.providers import MlKemProvider, NoProvider, having, installed
from engines.algorithms.pins import pin_providers
from engines.algorithms.registry import ALGORITHMS, KEM_ALGORITHMS
from engines.faults import InvalidRequest
from tests.engines.algorithms.vectors import cases, hexadecimal

VECTORS_READ = 100
ROWS = {row.label: row for row in (MLKEM_512, MLKEM_768, MLKEM_1024)}
PROVIDERS = [(parameters, provider) for parameters in PARAMETER_SETS for provider in having(parameters)]


def label(value: object) -> str:
    return str(getattr(value, "name", value))


def known_answers(parameters: ParameterSet) -> Iterator[dict[str, str]]:
    path = f"asymmetric/MLKEM/kat_{parameters.name.replace('-', '', 1).replace('-', '_')}.rsp"
    return itertools.islice(cases(path, "ss", first="count"), VECTORS_READ)


def hpke_vectors(kem: int) -> list[dict[str, Any]]:
    with cryptography_vectors.open_vector_file("HPKE/hpke-pq-test-vectors.json", "r") as file:
        return [case for case in json.load(file) if case["kem_id"] == kem and case["mode"] == 0]


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


def takes(row: Any) -> set[str]:
    """The forms of private keys that some installed provider takes for ``row``."""
    if row in (X25519_MLKEM_768, P384_MLKEM_1024):
        return {"seed"}
    parameters = next(parameters for parameters in PARAMETER_SETS if parameters.name == row.label)
    forms = [("seed", provider.takes_seeds) for provider in having(parameters)]
    forms += [("expanded", provider.takes_expanded) for provider in having(parameters)]
    return {form for form, taken in forms if taken}


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


def library_suite(row: Any) -> library_hpke.Suite:
    kems = {
        MLKEM_768.name: library_hpke.KEM.MLKEM768,
        MLKEM_1024.name: library_hpke.KEM.MLKEM1024,
        X25519_MLKEM_768.name: library_hpke.KEM.MLKEM768_X25519,
        P384_MLKEM_1024.name: library_hpke.KEM.MLKEM1024_P384,
    }
    kdfs = {HKDF_SHA256: library_hpke.KDF.HKDF_SHA256, HKDF_SHA384: library_hpke.KDF.HKDF_SHA384}
    assert row.capabilities.hpke.aead == AES256
    return library_hpke.Suite(kems[row.name], kdfs[row.capabilities.hpke.kdf], library_hpke.AEAD.AES_256_GCM)


def library_key(row: Any) -> tuple[Any, Material]:
    """A private key as the library has it, and the same as we have it."""
    material = row.generate(0)
    if row is MLKEM_768:
        return mlkem.MLKEM768PrivateKey.from_seed_bytes(material.private), material
    if row is MLKEM_1024:
        return mlkem.MLKEM1024PrivateKey.from_seed_bytes(material.private), material
    stream = hashlib.shake_256(material.private).digest(64 + (32 if row is X25519_MLKEM_768 else 48))
    if row is X25519_MLKEM_768:
        return library_hpke.MLKEM768X25519PrivateKey(
            mlkem.MLKEM768PrivateKey.from_seed_bytes(stream[:64]),
            x25519.X25519PrivateKey.from_private_bytes(stream[64:]),
        ), material
    return library_hpke.MLKEM1024P384PrivateKey(
        mlkem.MLKEM1024PrivateKey.from_seed_bytes(stream[:64]),
        ec.derive_private_key(int.from_bytes(stream[64:], "big"), ec.SECP384R1()),
    ), material


@pytest.mark.parametrize("row", [MLKEM_768, MLKEM_1024, X25519_MLKEM_768, P384_MLKEM_1024], ids=label)
def test_hpke_is_that_of_cryptography_in_both_directions(row: Any) -> None:
    theirs, material = library_key(row)
    suite, ours = library_suite(row), row.capabilities.encapsulation(material)
    assert (
        row.capabilities.hpke.open(ours, suite.encrypt(b"message", theirs.public_key(), b"info"), b"info", b"")
        == b"message"
    )
    sealed = row.capabilities.hpke.seal(ours, b"message", b"info", b"")
    assert suite.decrypt(sealed, theirs, b"info") == b"message"
    with pytest.raises(InvalidTag):
        suite.decrypt(sealed, theirs, b"other")


@pytest.mark.parametrize("row", KEM_ALGORITHMS.values(), ids=label)
def test_what_is_not_whole_does_not_open(row: Any) -> None:
    key = row.capabilities.encapsulation(row.generate(0))
    message = row.capabilities.hpke.seal(key, b"message", b"info", b"data")
    assert row.capabilities.hpke.open(key, message, b"info", b"data") == b"message"
    enc = row.sizes.ciphertext_bytes
    flips = (0, enc // 2, enc - 1, enc, len(message) - 1)
    broken = [message[:place] + bytes([message[place] ^ 1]) + message[place + 1 :] for place in flips]
    for wrong in (*broken, b"", message[:enc], message[: enc - 1], message[:-1], message + b"\0"):
        with pytest.raises(BadCiphertext):
            row.capabilities.hpke.open(key, wrong, b"info", b"data")
    for info, data in ((b"", b"data"), (b"info", b""), (b"info", b"date")):
        with pytest.raises(BadCiphertext):
            row.capabilities.hpke.open(key, message, info, data)
    with pytest.raises(BadCiphertext):
        row.capabilities.hpke.open(row.capabilities.encapsulation(row.generate(0)), message, b"info", b"data")


@pytest.mark.parametrize("row", [X25519_MLKEM_768, P384_MLKEM_1024], ids=label)
def test_half_of_a_hybrid_opens_nothing(row: Any) -> None:
    """Whoever has broken one half, and so knows its private key, gets another secret for want of the other."""
    construction = hybrid_kems.X_WING if row is X25519_MLKEM_768 else hybrid_kems.P384_ML_KEM_1024
    material, other = row.generate(0), row.generate(0)
    shared_secret, ciphertext = row.capabilities.encapsulation(material).encapsulate()
    boundary = construction.parameters.ciphertext_bytes
    group_ciphertext = ciphertext[boundary:]
    group_public = material.public[construction.parameters.public_bytes :]
    lattice, group = construction.expand(material.private)
    wrong_lattice, wrong_group = construction.expand(other.private)

    def recover(lattice_key: PrivateKey, group_key: Any) -> bytes:
        provider = having(construction.parameters)[0]
        lattice_secret = provider.decapsulator(construction.parameters, lattice_key)(ciphertext[:boundary])
        return construction.combine(lattice_secret, group_key.agree(group_ciphertext), group_ciphertext, group_public)

    assert recover(lattice, group) == shared_secret
    assert recover(lattice, wrong_group) != shared_secret
    assert recover(wrong_lattice, group) != shared_secret


class KnownSecret:
    """Stands for a half that is broken: whatever comes, its secret is one that everybody knows."""

    secret = bytes(32)

    def agree(self, _: bytes) -> bytes:
        return self.secret

    def decapsulate(self, _: bytes) -> bytes:
        return self.secret


@pytest.mark.parametrize("broken", ["_decapsulate", "_group_key"])
@pytest.mark.parametrize("row", [X25519_MLKEM_768, P384_MLKEM_1024], ids=label)
def test_breaking_one_half_of_a_hybrid_opens_no_message(row: Any, broken: str) -> None:
    """The owner's own key, with a known secret for that of one half, no longer opens what was encrypted to it."""
    key = row.capabilities.encapsulation(row.generate(0))
    message = row.capabilities.hpke.seal(key, b"message", b"info", b"")
    assert row.capabilities.hpke.open(key, message, b"info", b"") == b"message"
    whole = getattr(key, broken)
    setattr(key, broken, KnownSecret() if broken == "_group_key" else KnownSecret().decapsulate)
    with pytest.raises(BadCiphertext):
        row.capabilities.hpke.open(key, message, b"info", b"")
    setattr(key, broken, whole)
    assert row.capabilities.hpke.open(key, message, b"info", b"") == b"message"


@pytest.mark.parametrize("row", [X25519_MLKEM_768, P384_MLKEM_1024], ids=label)
def test_a_hybrid_refuses_points_that_are_none(row: Any) -> None:
    material = row.generate(0)
    key = row.capabilities.encapsulation(material)
    _, ciphertext = key.encapsulate()
    size = (X25519 if row is X25519_MLKEM_768 else P384)().element_bytes
    for point in (bytes(size), b"\x02" + bytes(size - 1) if row is P384_MLKEM_1024 else b"\x01" + bytes(size - 1)):
        with pytest.raises(BadCiphertext):
            key.decapsulate(ciphertext[:-size] + point)
        with pytest.raises(InvalidRequest, match="not a public key"):
            row.interchange.import_public(base64.b64encode(material.public[:-size] + point).decode())


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
