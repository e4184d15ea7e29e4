"""Algorithm Key Pairs (RFC 9964): ML-DSA, SLH-DSA and hybrids in every format, verified by hand, coming and going."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from engines.algorithms.formats.jws import jws_algorithms
from engines.algorithms.registry import ALGORITHMS, SIGNING_ALGORITHMS
from engines.algorithms.signatures import slhdsa_process
from engines.base import Operation
from engines.faults import InvalidRequest, Unavailable
from engines.worker_pools import MAX_LONG_ITEMS
from tests.engines.driver import Driver, message_of
from tests.engines.signing.certifying import certify, parse_request
from tests.engines.signing.conftest import KEYS, wrapped
from tests.engines.signing.formats.made import CERTIFIED, FORMATS, PAIRS, PAYLOAD, SOME, prepare, unpadded
from tests.engines.signing.outside import verify_key_pair

UPDATE = Operation.UPDATE


def test_all_keys_that_sign_are_kept() -> None:
    assert SIGNING_ALGORITHMS == {name: row for name, row in ALGORITHMS.items() if row.signs}


def test_every_algorithm_has_a_name_of_its_own() -> None:
    """Two spellings of a type are the same algorithm; everything else is told apart."""
    named: dict[str, set[str]] = {}
    numbered: dict[int, set[str]] = {}
    for row in SIGNING_ALGORITHMS.values():
        for algorithm in jws_algorithms(row):
            if row.strength.quantum_category:
                named.setdefault(algorithm.name, set()).add(row.parameter_set)
            numbered.setdefault(algorithm.cose, set()).add(algorithm.name)
    assert all(len(sets) == 1 for sets in named.values())
    assert all(len(names) == 1 for names in numbered.values())
    assert len(named) == 3 + 12 + 12


@pytest.mark.parametrize("name", PAIRS)
async def test_a_key_is_published_as_an_algorithm_key_pair(signing: Driver, name: str) -> None:
    await prepare(signing, name)
    read = await signing.read(f"keys/{name}")
    (jwk,) = (await signing.read(f"keys/{name}/jwks"))["keys"]
    assert set(jwk) == {"kty", "alg", "pub", "kid", "use", "key_version"}
    assert (jwk["kty"], [jwk["alg"]], jwk["use"]) == ("AKP", read["algorithms"], "sig")
    assert unpadded(jwk["pub"]) == base64.b64decode(read["keys"]["1"]["public_key"])
    required = json.dumps({member: jwk[member] for member in ("alg", "kty", "pub")}, separators=(",", ":"))
    assert unpadded(jwk["kid"]) == hashlib.sha256(required.encode()).digest()
    assert jwk["kid"] == read["keys"]["1"]["kid"]


@pytest.mark.parametrize("name", PAIRS)
async def test_every_format_is_verified_by_hand(signing: Driver, name: str) -> None:
    await prepare(signing, name)
    (jwk,) = (await signing.read(f"keys/{name}/jwks"))["keys"]
    for form in FORMATS:
        used = form(signing, name)
        made, signature, signed = await used.make()
        verify_key_pair(jwk["alg"], unpadded(jwk["pub"]), signature, signed)
        answer = await used.verdict(made, signature)
        assert (answer["valid"], answer["payload"], answer["key_version"]) == (True, PAYLOAD, 1)


class TestDraft:
    """Examples of draft-ietf-jose-pq-composite-sigs, made by its authors' software."""

    VECTORS: tuple[dict[str, str], ...] = tuple(
        json.loads(Path(__file__).with_name("composite_jws.json").read_text(encoding="utf-8"))["vectors"]
    )
    CLASSICAL = {"ML-DSA-44-Ed25519": "ed25519", "ML-DSA-44-ES256": "ecdsa-p256"}

    @pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["alg"])
    async def test_example(self, signing: Driver, vector: dict[str, str]) -> None:
        parameters = KEYS[f"hybrid-ml-dsa-44-{self.CLASSICAL[vector['alg']]}"]
        ciphertext = await wrapped(signing, unpadded(vector["private"]))
        await signing.write("keys/k/import", ciphertext=ciphertext, **parameters)
        await signing.write("roles/r", key="k", formats=["jws"])
        assert (await signing.read("roles/r/jwks"))["keys"][0]["kid"] == vector["kid"]
        answer = await signing.write("jws/verify/r", jws=vector["jws"])
        assert answer["header"] == {"alg": vector["alg"], "kid": vector["kid"]}
        text = b"It's a dangerous business, Frodo, going out your door."
        assert base64.b64decode(answer["payload"]) == text
        ours = (await signing.write("jws/sign/r", payload=answer["payload"]))["jws"]
        assert ours.rpartition(".")[0] == vector["jws"].rpartition(".")[0], "but for the signature, to the letter"


class TestSlhDsaDraft:
    """The keys in the examples of draft-ietf-cose-sphincs-plus, of the two parameter sets that it has."""

    KEYS = (
        (
            "sha2",
            "P1d2M4reQEEt09DkH_hmBUPH5mb12TZkfdp6rs2oXjmDHSYmLJWnKQZRp2I6JmQaXPjlAQXhaDtlSspnzER1ag",
            "gx0mJiyVpykGUadiOiZkGlz45QEF4Wg7ZUrKZ8xEdWo",
        ),
        (
            "shake",
            "Kz9ljgHX1ryVS2nE7Z_KtfIagmK5Oep1CrBYQcgK75DzFnbI9OqaLaMaevKzl1WJDr3mOmUB9fFg94rq3Lckug",
            "8xZ2yPTqmi2jGnrys5dViQ695jplAfXxYPeK6ty3JLo",
        ),
    )

    @pytest.mark.parametrize(("hash_", "private", "public"), KEYS)
    async def test_key(self, signing: Driver, hash_: str, private: str, public: str) -> None:
        parameters = {"type": "slh-dsa", "parameter_set": f"slh-dsa-{hash_}-128s"}
        await signing.write("keys/k/import", ciphertext=await wrapped(signing, unpadded(private)), **parameters)
        await signing.write("roles/r", key="k", formats=["jws"])
        (jwk,) = (await signing.read("roles/r/jwks"))["keys"]
        assert (jwk["kty"], jwk["alg"], jwk["pub"]) == ("AKP", f"SLH-DSA-{hash_.upper()}-128s", public)
        signed, _, signature = (await signing.write("jws/sign/r", payload=PAYLOAD))["jws"].rpartition(".")
        assert len(signature) == 10475, "as the draft says"
        verify_key_pair(jwk["alg"], unpadded(public), unpadded(signature), signed.encode())


class TestKeys:
    @pytest.mark.parametrize(
        ("parameters", "text"),
        [
            ({"type": "ml-dsa"}, "invalid parameter set  for key type ml-dsa"),
            ({"type": "ml-dsa", "parameter_set": "66"}, "invalid parameter set 66 for key type ml-dsa"),
            ({"type": "slh-dsa", "parameter_set": "44"}, "invalid parameter set 44 for key type slh-dsa"),
            ({"type": "hybrid"}, "invalid config for hybrid key: invalid PQC key type: "),
            (
                {"type": "hybrid", "hybrid_key_type_pqc": "ml-dsa", "parameter_set": "44"},
                "invalid config for hybrid key: invalid key type for hybrid key: ",
            ),
        ],
    )
    async def test_parameters_that_no_key_has(self, signing: Driver, parameters: dict[str, str], text: str) -> None:
        for path in ("keys/k", "keys/k/import"):
            assert await message_of(signing, UPDATE, path, **parameters) == (InvalidRequest, text)
        assert await signing.storage.list("policy/") == []

    async def test_rows_are_no_types(self, signing: Driver) -> None:
        for name in ("ml-dsa-44", "slh-dsa-sha2-128f", "hybrid-ml-dsa-44-ed25519"):
            fault = await message_of(signing, UPDATE, "keys/k", type=name)
            assert fault == (InvalidRequest, f"unknown key type {name}")

    @pytest.mark.parametrize("name", SOME)
    async def test_a_key_comes_and_goes(self, signing: Driver, name: str) -> None:
        settings = {"exportable": True, "allow_plaintext_backup": True}
        await signing.write("keys/k", **{**KEYS[name], **settings})
        await signing.write("roles/k", key="k", formats=["jwt"])
        token = (await signing.write("jwt/sign/k"))["token"]
        raw = base64.b64decode((await signing.read("export/signing-key/k"))["keys"]["1"])
        if KEYS[name]["type"] == "ml-dsa":
            raw = base64.b64decode((await signing.read("export/signing-key/k", format="der"))["keys"]["1"])
        await signing.write("keys/private/import", ciphertext=await wrapped(signing, raw), **KEYS[name])
        form = "pem" if KEYS[name]["type"] == "ml-dsa" else ""
        public = (await signing.read("export/public-key/k", format=form))["keys"]["1"]
        await signing.write("keys/public/import", public_key=public, **KEYS[name])
        await signing.write("restore/restored", backup=(await signing.read("backup/k"))["backup"])
        for copy in ("private", "public", "restored"):
            await signing.write(f"roles/{copy}", key=copy)
            assert (await signing.write(f"jwt/verify/{copy}", token=token))["valid"], copy
            assert (await signing.read(f"keys/{copy}"))["keys"]["1"]["kid"] == (
                (await signing.read("keys/k"))["keys"]["1"]["kid"]
            )
        await signing.write("keys/k/rotate")
        assert (await signing.write("jwt/sign/k"))["key_version"] == 2
        assert (await signing.write("jwt/verify/k", token=token))["key_version"] == 1
        fault = await message_of(signing, UPDATE, "jwt/sign/public")
        assert fault == (InvalidRequest, "version 1 of the key has no private part")

    @pytest.mark.parametrize("name", CERTIFIED)
    async def test_a_request_for_a_certificate(self, signing: Driver, name: str) -> None:
        await prepare(signing, name, x5c=True)
        made = await signing.write(f"keys/{name}/csr", csr=_template())
        request = parse_request(made["csr"])
        pub, alg = await _published(signing, name)
        verify_key_pair(alg, pub, request.signature.as_bytes(), asn1.encode_der(request.info))
        read = x509.load_pem_x509_csr(made["csr"].encode())
        model = x509.load_pem_x509_csr(_template().encode())
        assert (read.subject, list(read.extensions)) == (model.subject, list(model.extensions))
        empty = x509.load_pem_x509_csr((await signing.write(f"keys/{name}/csr"))["csr"].encode())
        assert (list(empty.subject), list(empty.extensions)) == ([], [])
        fault = await message_of(signing, UPDATE, f"keys/{name}/csr", csr="x")
        assert fault == (InvalidRequest, "could not decode PEM CSR")
        chain = certify(made["csr"])
        await signing.write(f"keys/{name}/set-certificate", certificate_chain=chain)
        token = (await signing.write(f"jwt/sign/{name}"))["token"]
        header = (await signing.write(f"jwt/verify/{name}", token=token))["header"]
        assert len(header["x5c"]) == 2
        await signing.write("keys/other", **KEYS[name])
        _, text = await message_of(signing, UPDATE, "keys/other/set-certificate", certificate_chain=chain)
        assert text == (
            "failed to persist certificate chain: leaf certificate public key does not match the selected key version"
        )

    async def test_what_has_no_object_identifier_has_no_certificate(self, signing: Driver) -> None:
        name = "hybrid-ml-dsa-44-ecdsa-p384"
        await prepare(signing, name)
        fault = await message_of(signing, UPDATE, f"keys/{name}/csr")
        assert fault == (InvalidRequest, "certificates are not supported for keys of this type")
        fault = await message_of(signing, UPDATE, "roles/r", key=name, formats=["cms"])
        assert fault == (InvalidRequest, f'there are no certificates for keys of type {name}, and so no "cms"')

    async def test_without_the_provider_nothing_is_called_invalid(
        self, signing: Driver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        name = "slh-dsa-sha2-128f"
        await prepare(signing, name)
        token = (await signing.write(f"jwt/sign/{name}"))["token"]
        monkeypatch.setattr(slhdsa_process, "installed", lambda: False)
        for path, parameters in (("sign", {}), ("verify", {"token": token})):
            with pytest.raises(Unavailable, match="no provider that is installed serves slh-dsa-sha2-128f"):
                await signing.write(f"jwt/{path}/{name}", **parameters)

    async def test_batches(self, signing: Driver) -> None:
        name = "slh-dsa-sha2-128f"
        await prepare(signing, name, allowed_claims=["*"])
        items = [{"claims": {"sub": "a"}}, {"claims": {"exp": 1}}]
        good, bad = (await signing.write(f"jwt/sign/{name}", batch_input=items))["batch_results"]
        assert bad["error"] == 'claim "exp" is made by the role'
        checks = [{"token": good["token"]}, {"token": good["token"][:-4] + "AAAA"}]
        results = (await signing.write(f"jwt/verify/{name}", batch_input=checks))["batch_results"]
        assert [result["valid"] for result in results] == [True, False]
        fault = await message_of(signing, UPDATE, f"jwt/sign/{name}", batch_input=[{}] * (MAX_LONG_ITEMS + 1))
        assert fault == (
            InvalidRequest,
            f"batch_input holds {MAX_LONG_ITEMS + 1} items, more than the {MAX_LONG_ITEMS} for keys of this type",
        )


def _template() -> str:
    names = x509.SubjectAlternativeName([x509.DNSName("signer.example")])
    builder = x509.CertificateSigningRequestBuilder(
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "signer")])
    ).add_extension(names, False)
    made = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


async def _published(driver: Driver, name: str) -> tuple[bytes, str]:
    jwk = (await driver.read(f"roles/{name}/jwks"))["keys"][0]
    return unpadded(jwk["pub"]), jwk["alg"]
