"""What isn't taken for a signature by an Algorithm Key Pair: of another length, changed, in a context, half of one."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.engines.algorithms.signatures.composites import LATTICES
from tests.engines.driver import Driver, make_keys
from tests.engines.signing.certifying import certify
from tests.engines.signing.conftest import KEYS, ROWS, wrapped
from tests.engines.signing.formats.made import CERTIFIED, FORMATS, HYBRIDS, PAYLOAD, SOME, Cose, Jws, encoded, prepare

NOT_SIGNED = "the signature is not one of this role's key"


class TestWhatIsNotValid:
    @pytest.mark.parametrize("form", FORMATS)
    @pytest.mark.parametrize("name", SOME)
    async def test_a_signature_of_another_length(self, signing: Driver, name: str, form: type[Jws]) -> None:
        await prepare(signing, name)
        used = form(signing, name)
        made, signature, _ = await used.make()
        boundary = ROWS[name].sizes.signature_bytes // 2
        for changed in (
            signature[:-1],
            signature + b"\x00",
            b"\x00" + signature,
            signature[:boundary],
            signature + signature,
            signature[:1],
            b"",
        ):
            assert await used.verdict(made, changed) == {"valid": False, "error": NOT_SIGNED}

    @pytest.mark.parametrize("form", FORMATS)
    @pytest.mark.parametrize("name", SOME)
    async def test_a_flipped_bit(self, signing: Driver, name: str, form: type[Jws]) -> None:
        await prepare(signing, name)
        used = form(signing, name)
        made, signature, _ = await used.make()
        lattice = LATTICES.get(KEYS[name].get("parameter_set", ""), (None, 0, 0))[2]
        positions = {*range(0, len(signature), 997), lattice - 1, lattice, lattice + 1, len(signature) - 1}
        for position in sorted(at for at in positions if 0 <= at < len(signature)):
            broken = bytearray(signature)
            broken[position] ^= 1 << (position % 8)
            assert await used.verdict(made, bytes(broken)) == {"valid": False, "error": NOT_SIGNED}, position

    @pytest.mark.parametrize("name", CERTIFIED)
    async def test_cms_with_another_signature(self, signing: Driver, name: str) -> None:
        await make_keys(signing, {name: KEYS[name]})
        chain = certify((await signing.write(f"keys/{name}/csr"))["csr"])
        await signing.write(f"keys/{name}/set-certificate", certificate_chain=chain)
        await signing.write(f"roles/{name}", key=name, formats=["cms"])
        made = base64.b64decode((await signing.write(f"cms/sign/{name}", payload=PAYLOAD))["cms"])

        async def verdict(message: bytes) -> Any:
            cms = base64.b64encode(message).decode()
            return await signing.write(f"cms/verify/{name}", cms=cms, payload=PAYLOAD)

        assert (await verdict(made))["valid"]
        for position in (-1, -40, -200, -ROWS[name].sizes.signature_bytes // 2):
            broken = bytearray(made)
            broken[position] ^= 1
            assert await verdict(bytes(broken)) == {"valid": False, "error": NOT_SIGNED}
        for changed in (made[:-1], made + b"\x00"):
            assert (await verdict(changed))["error"] == "it is not a CMS message in DER"

    @pytest.mark.parametrize("form", FORMATS)
    @pytest.mark.parametrize("name", SOME)
    async def test_a_signature_in_another_context(
        self, signing: Driver, transit: Driver, name: str, form: type[Jws]
    ) -> None:
        """Transit signs the same bytes with the same key; JOSE and COSE know no context but the empty one."""
        settings = {"exportable": True, "allow_plaintext_backup": True}
        await transit.write("keys/k", **{**KEYS[name], **settings})
        await signing.write("restore", backup=(await transit.read("backup/k"))["backup"])
        await signing.write(f"roles/{name}", key="k", formats=["jws", "cose"])
        used = form(signing, name)
        made, _, signed = await used.make()
        for context, valid in ((b"", True), (b"x", False), (b"\x00", False)):
            text = base64.b64encode(context).decode()
            given = {"input": base64.b64encode(signed).decode(), "signature_context": text}
            answer = (await transit.write("sign/k", **given))["signature"]
            signature = base64.b64decode(answer.removeprefix("vault:v1:"))
            assert (await used.verdict(made, signature))["valid"] is valid, context

    async def test_a_signature_of_a_digest(self, signing: Driver, transit: Driver) -> None:
        """HashML-DSA's is no signature here, though Vault's keys can make it elsewhere."""
        settings = {"exportable": True, "allow_plaintext_backup": True}
        await transit.write("keys/k", **{**KEYS["ml-dsa-44"], **settings})
        await signing.write("restore", backup=(await transit.read("backup/k"))["backup"])
        await signing.write("roles/k", key="k", formats=["jws"])
        used = Jws(signing, "k")
        made, _, signed = await used.make()
        digest = base64.b64encode(hashlib.sha256(signed).digest()).decode()
        answer = await transit.write("sign/k", input=digest, prehashed=True, hash_algorithm="sha2-256")
        signature = base64.b64decode(answer["signature"].removeprefix("vault:v1:"))
        assert await used.verdict(made, signature) == {"valid": False, "error": NOT_SIGNED}


class TestConfusion:
    """The halves of a hybrid, by themselves, mixed, and under other names."""

    @pytest.mark.parametrize("form", FORMATS)
    @pytest.mark.parametrize("name", HYBRIDS)
    async def test_halves_of_different_signatures(self, signing: Driver, name: str, form: type[Jws]) -> None:
        await prepare(signing, name)
        await signing.write("keys/other", **KEYS[name])
        await signing.write("roles/other", key="other", formats=["jws", "cose"], kid="none")
        boundary = LATTICES[KEYS[name]["parameter_set"]][2]
        used = form(signing, name)
        made, own, _ = await used.make()
        _, again, _ = await used.make()
        _, foreign, _ = await form(signing, "other").make()
        for what, signature, valid in (
            ("both halves, of two signatures of the same", again[:boundary] + own[boundary:], True),
            ("a foreign classical half", own[:boundary] + foreign[boundary:], False),
            ("a foreign lattice half", foreign[:boundary] + own[boundary:], False),
            ("no classical half", own[:boundary], False),
            ("no lattice half", own[boundary:], False),
            ("the halves the other way round", own[boundary:] + own[:boundary], False),
            ("zeros for the classical half", own[:boundary] + bytes(len(own) - boundary), False),
            ("zeros for the lattice half", bytes(boundary) + own[boundary:], False),
        ):
            assert (await used.verdict(made, signature))["valid"] is valid, what

    @pytest.mark.parametrize("classical", ["ecdsa-p256", "ed25519"])
    async def test_a_half_is_no_token_by_itself(self, signing: Driver, classical: str) -> None:
        """Somebody who has the halves as keys of their own doesn't take the parts of a hybrid token for theirs."""
        name = f"hybrid-ml-dsa-65-{classical}"
        await prepare(signing, name)
        private = base64.b64decode((await signing.read(f"export/signing-key/{name}"))["keys"]["1"])
        lattice: Any = mldsa.MLDSA65PrivateKey.from_seed_bytes(private[:32])
        half: Any
        if classical == "ed25519":
            half = ed25519.Ed25519PrivateKey.from_private_bytes(private[32:])
        else:
            half = ec.derive_private_key(int.from_bytes(private[39:71], "big"), ec.SECP256R1())
        halves = {"lattice": (lattice, {"type": "mldsa-65"}), "classical": (half, {"type": classical})}
        for role, (key, parameters) in halves.items():
            form = serialization.PrivateFormat.PKCS8
            der = key.private_bytes(serialization.Encoding.DER, form, serialization.NoEncryption())
            await signing.write(f"keys/{role}/import", ciphertext=await wrapped(signing, der), **parameters)
            await signing.write(f"roles/{role}", key=role, formats=["jwt", "jws"])
        made, signature, _ = await Jws(signing, name).make()
        payload = made.split(".")[1]
        point = signature[3309:]
        if classical != "ed25519":
            r, s = decode_dss_signature(point)
            point = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        for role, part in (("lattice", signature[:3309]), ("classical", point), ("lattice", signature)):
            alg = (await signing.read(f"roles/{role}"))["algorithm"]
            used = Jws(signing, role)
            verdict = await used.verdict(made, part)
            assert verdict == {"valid": False, "error": f"its algorithm is not {alg}"}
            renamed = f"{encoded({'alg': alg})}.{payload}"
            assert await used.verdict(renamed, part) == {"valid": False, "error": NOT_SIGNED}

    @pytest.mark.parametrize("classical", ["ecdsa-p256", "ed25519"])
    async def test_signatures_of_both_halves_alone_do_not_make_a_hybrid(self, signing: Driver, classical: str) -> None:
        """Both keys are right, and both sign the token itself; but not bound to the combination."""
        name = f"hybrid-ml-dsa-65-{classical}"
        await prepare(signing, name)
        private = base64.b64decode((await signing.read(f"export/signing-key/{name}"))["keys"]["1"])
        made, _, signed = await Jws(signing, name).make()
        lattice = mldsa.MLDSA65PrivateKey.from_seed_bytes(private[:32])
        if classical == "ed25519":
            half = ed25519.Ed25519PrivateKey.from_private_bytes(private[32:]).sign(signed)
        else:
            key = ec.derive_private_key(int.from_bytes(private[39:71], "big"), ec.SECP256R1())
            half = key.sign(signed, ec.ECDSA(hashes.SHA256()))
        verdict = await Jws(signing, name).verdict(made, lattice.sign(signed) + half)
        assert verdict == {"valid": False, "error": NOT_SIGNED}

    @pytest.mark.parametrize("form", FORMATS)
    async def test_the_classical_half_in_the_form_of_jose_is_no_other_spelling(
        self, signing: Driver, form: type[Jws]
    ) -> None:
        name = "hybrid-ml-dsa-44-ecdsa-p256"
        await prepare(signing, name)
        used = form(signing, name)
        made, signature, _ = await used.make()
        r, s = decode_dss_signature(signature[2420:])
        fixed = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        padded = b"".join(b"\x02\x22\x00" + (b"\x00" + part.to_bytes(32, "big")) for part in (r, s))
        for half in (fixed, b"\x30" + bytes([len(padded)]) + padded, signature[2420:] + b"\x05\x00"):
            assert not (await used.verdict(made, signature[:2420] + half))["valid"]

    async def test_another_combination_of_the_same_strength(self, signing: Driver) -> None:
        """A token of one combination under the name of another one, and under a role of that other one."""
        one, other = "hybrid-ml-dsa-65-ecdsa-p256", "hybrid-ml-dsa-65-ed25519"
        await prepare(signing, one, other)
        made, signature, _ = await Jws(signing, one).make()
        payload = made.split(".")[1]
        for alg in ("ML-DSA-65-Ed25519", "ML-DSA-65", "ES256", "none", "CRYPTOSERVE-ML-DSA-65-ES256"):
            renamed = f"{encoded({'alg': alg})}.{payload}"
            verdict = await Jws(signing, one).verdict(renamed, signature)
            assert verdict == {"valid": False, "error": "its algorithm is not ML-DSA-65-ES256"}
        verdict = await Jws(signing, other).verdict(made, signature)
        assert verdict == {"valid": False, "error": "its algorithm is not ML-DSA-65-Ed25519"}
        renamed = f"{encoded({'alg': 'ML-DSA-65-Ed25519'})}.{payload}"
        assert await Jws(signing, other).verdict(renamed, signature) == {"valid": False, "error": NOT_SIGNED}

    async def test_cose_numbers_of_the_drafts_are_not_taken(self, signing: Driver) -> None:
        name = "hybrid-ml-dsa-44-ecdsa-p256"
        await prepare(signing, name)
        used = Cose(signing, name)
        (_, *rest), signature, _ = await used.make()
        for number in (-54, -51, -48, -7, "ML-DSA-44-ES256"):
            verdict = await used.verdict([cbor2.dumps({1: number}), *rest], signature)
            assert verdict == {"valid": False, "error": "its algorithm is not ML-DSA-44-ES256"}
