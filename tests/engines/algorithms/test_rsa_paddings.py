"""The paddings of RSA encryption that Vault lets a client choose."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from engines.algorithms.hashes import HASHES
from engines.base import Operation
from engines.faults import Failed, InvalidRequest, NotFound
from tests.engines.driver import Driver, make_keys, message_of

HELLO = base64.b64encode(b"hello").decode()
RSA = {"rsa": {"type": "rsa-2048", "exportable": True}}


@pytest.mark.parametrize("name", ["sha1", "sha2-224", "sha2-256", "sha2-384", "sha2-512"])
async def test_rsa_encrypts_by_oaep_with_the_hash_that_is_asked_for(transit: Driver, name: str) -> None:
    await make_keys(transit, RSA)
    hash_ = HASHES[name].algorithm
    scheme = padding.OAEP(padding.MGF1(hash_), hash_, None)
    pem = (await transit.read("export/encryption-key/rsa"))["keys"]["1"]
    private = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(private, rsa.RSAPrivateKey)
    asked = {"hash_algorithm": name, "padding_scheme": "oaep"}
    batch = (await transit.write("encrypt/rsa", batch_input=[{"plaintext": HELLO}], **asked))["batch_results"]
    for sealed in (await transit.write("encrypt/rsa", plaintext=HELLO, **asked), batch[0]):
        assert private.decrypt(base64.b64decode(sealed["ciphertext"][9:]), scheme) == b"hello"
    foreign = f"vault:v1:{base64.b64encode(private.public_key().encrypt(b'hello', scheme)).decode()}"
    opened = await transit.write("decrypt/rsa", ciphertext=foreign, **asked)
    batch = (await transit.write("decrypt/rsa", batch_input=[{"ciphertext": foreign}], **asked))["batch_results"]
    assert (opened["plaintext"], batch[0]["plaintext"]) == (HELLO, HELLO)
    if name != "sha2-256":
        fault = await message_of(transit, Operation.UPDATE, "decrypt/rsa", ciphertext=foreign)
        assert fault == (Failed, "failed to RSA decrypt the ciphertext: crypto/rsa: decryption error")


async def test_what_others_encrypted_by_pkcs1v15_is_decrypted_and_rewrapped(transit: Driver) -> None:
    await make_keys(transit, RSA)
    pem = (await transit.read("export/encryption-key/rsa"))["keys"]["1"]
    private = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(private, rsa.RSAPrivateKey)
    encrypted = private.public_key().encrypt(b"hello", padding.PKCS1v15())
    foreign = f"vault:v1:{base64.b64encode(encrypted).decode()}"
    old = {"padding_scheme": "pkcs1v15"}
    assert await transit.write("decrypt/rsa", ciphertext=foreign, **old) == {"plaintext": HELLO}
    batch = [{"ciphertext": foreign, "reference": "r"}]
    results = (await transit.write("decrypt/rsa", batch_input=batch, **old))["batch_results"]
    assert results == [{"plaintext": HELLO, "reference": "r"}]
    asked = {"decrypt_padding_scheme": "pkcs1v15", "encrypt_padding_scheme": "oaep"}
    rewrapped = [(await transit.write("rewrap/rsa", ciphertext=foreign, **asked))["ciphertext"]]
    results = (await transit.write("rewrap/rsa", batch_input=batch, **asked))["batch_results"]
    for sealed in [*rewrapped, results[0]["ciphertext"]]:
        assert await transit.write("decrypt/rsa", ciphertext=sealed) == {"plaintext": HELLO}


async def test_nobody_learns_whether_a_message_by_pkcs1v15_is_well_formed(transit: Driver) -> None:
    """What has the right length decrypts to something, always the same, and not what others have."""
    await make_keys(transit, RSA)
    answers = set()
    for first in range(20):
        wrong = base64.b64encode(bytes([0, first, *range(254)])).decode()
        asked = {"ciphertext": f"vault:v1:{wrong}", "padding_scheme": "pkcs1v15"}
        answer = (await transit.write("decrypt/rsa", **asked))["plaintext"]
        assert (await transit.write("decrypt/rsa", **asked))["plaintext"] == answer
        answers.add(answer)
    assert len(answers) > 10
    short = {"ciphertext": f"vault:v1:{HELLO}", "padding_scheme": "pkcs1v15"}
    fault = await message_of(transit, Operation.UPDATE, "decrypt/rsa", **short)
    assert fault == (Failed, "failed to RSA decrypt the ciphertext: crypto/rsa: decryption error")


@pytest.mark.parametrize(
    ("path", "parameters", "message"),
    [
        ("encrypt/rsa", {"padding_scheme": "pkcs1v15"}, 'padding_scheme "pkcs1v15" is for decrypting alone'),
        ("datakey/wrapped/rsa", {"padding_scheme": "pkcs1v15"}, 'padding_scheme "pkcs1v15" is for decrypting alone'),
        (
            "rewrap/rsa",
            {"encrypt_padding_scheme": "pkcs1v15"},
            'encrypt_padding_scheme "pkcs1v15" is for decrypting alone',
        ),
        ("encrypt/rsa", {"padding_scheme": "none"}, 'unsupported padding_scheme "none"; must be "oaep" or "pkcs1v15"'),
        ("decrypt/rsa", {"padding_scheme": "OAEP"}, 'unsupported padding_scheme "OAEP"; must be "oaep" or "pkcs1v15"'),
        (
            "rewrap/rsa",
            {"decrypt_padding_scheme": "x"},
            'unsupported decrypt_padding_scheme "x"; must be "oaep" or "pkcs1v15"',
        ),
        ("encrypt/rsa", {"hash_algorithm": "md5"}, 'invalid hash algorithm "md5"'),
        ("decrypt/rsa", {"hash_algorithm": "sha3-256"}, 'hash algorithm "sha3-256" is not supported for encryption'),
        ("encrypt/aes", {"padding_scheme": "oaep"}, "padding_scheme is not supported for keys of type aes256-gcm96"),
        ("decrypt/aes", {"padding_scheme": "oaep"}, "padding_scheme is not supported for keys of type aes256-gcm96"),
        ("encrypt/new", {"padding_scheme": "oaep"}, "padding_scheme is not supported for keys of type aes256-gcm96"),
        ("encrypt/new", {"hash_algorithm": "none"}, 'invalid hash algorithm "none"'),
    ],
)
async def test_paddings_that_are_refused(transit: Driver, path: str, parameters: dict[str, Any], message: str) -> None:
    await make_keys(transit, {**RSA, "aes": {}})
    key = "rsa" if path.endswith("rsa") else "aes"
    message_ = {
        "plaintext": HELLO,
        "ciphertext": (await transit.write(f"encrypt/{key}", plaintext=HELLO))["ciphertext"],
    }
    bodies: list[dict[str, Any]] = [message_, {"batch_input": [message_]}]
    for body in bodies[: 1 if "datakey" in path else 2]:
        assert await message_of(transit, Operation.UPDATE, path, **body, **parameters) == (InvalidRequest, message)
    assert await message_of(transit, Operation.READ, "keys/new") == (NotFound, "")
