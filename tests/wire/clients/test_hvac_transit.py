"""``cryptoserve.hvac`` with a real hvac against a real server, for what hvac's own class refuses to ask."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

import hvac
import pytest
from hvac.constants import transit as constants
from hvac.exceptions import ParamValidationError

from cryptoserve.hvac import Transit
from engines.algorithms.hashes import HASHES
from engines.algorithms.types import KEY_TYPES
from engines.transfer import exporting
from tests.support.products import Product
from tests.support.servers import CHECKOUT, Server

MESSAGE = base64.b64encode(b"attack at dawn, all of you").decode()
CONTEXT = base64.b64encode(b"letters").decode()
NEEDED: dict[str, dict[str, Any]] = {
    "ml-dsa": {"parameter_set": "65"},
    "slh-dsa": {"parameter_set": "slh-dsa-sha2-128f"},
    "hybrid": {"parameter_set": "44", "hybrid_key_type_pqc": "ml-dsa", "hybrid_key_type_ec": "ed25519"},
    "hmac": {"key_size": 32},
}
"""What a key of a type can't be made without."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """hvac with the root token."""
    with Server(Product.CRYPTOSERVE, tmp_path_factory.mktemp("server"), development=True) as server:
        connected = hvac.Client(url=server.address, token=server.root_token)
        yield connected
        connected.adapter.close()


@pytest.mark.parametrize(
    "parameters",
    [
        {"key_type": "ml-dsa", "parameter_set": "44"},
        {"key_type": "slh-dsa", "parameter_set": "slh-dsa-shake-128f"},
        {
            "key_type": "hybrid",
            "parameter_set": "65",
            "hybrid_key_type_pqc": "ml-dsa",
            "hybrid_key_type_ec": "ecdsa-p384",
        },
        {"key_type": "hmac", "key_size": 48},
    ],
    ids=lambda parameters: parameters["key_type"],
)
def test_types_that_hvac_does_not_know(client: Any, parameters: dict[str, Any]) -> None:
    """hvac's own class refuses them before it asks; the one in compat doesn't."""
    with pytest.raises(ParamValidationError):
        client.secrets.transit.create_key("k", key_type=parameters["key_type"])
    keys, name = Transit(client.adapter), parameters["key_type"]
    assert keys.create_key(name, **parameters)["data"]["type"] == parameters["key_type"]
    if parameters["key_type"] == "hmac":
        assert keys.read_key(name)["data"]["key_size"] == 48
        return
    signature = keys.sign_data(name, MESSAGE, signature_context=CONTEXT)["data"]["signature"]
    assert keys.verify_signed_data(name, MESSAGE, signature, signature_context=CONTEXT)["data"]["valid"]
    assert not keys.verify_signed_data(name, MESSAGE, signature)["data"]["valid"]
    items = [{"input": MESSAGE}, {"input": CONTEXT}]
    batch = keys.sign_data(name, batch_input=items)["data"]["batch_results"]
    assert len({item["signature"] for item in batch}) == 2
    assert keys.export_key(name, "public-key", version="latest")["data"]["keys"]["1"]
    assert keys.read_key(name)["data"]["parameter_set"] == parameters["parameter_set"]


def test_the_pages_count_the_types_that_hvac_refuses(client: Any) -> None:
    accepted, refused = [], []
    for key_type in KEY_TYPES:
        try:
            client.secrets.transit.create_key(f"by-hvac-{key_type}", key_type=key_type)
        except ParamValidationError:
            refused.append(key_type)
        else:
            accepted.append(key_type)
    page = (CHECKOUT / "docs/transit.md").read_text(encoding="utf-8")
    sentence = re.search(r"hvac knows (\d+) of these (\d+) types and refuses the other (\d+).*?\n\n", page, re.DOTALL)
    assert sentence
    assert [int(number) for number in sentence.groups()] == [len(accepted), len(KEY_TYPES), len(refused)]
    made = re.search(r"`create_key` makes\s(.*?)\. ", sentence[0], re.DOTALL)
    assert made
    assert re.findall(r"`(.+?)`", made[1]) == accepted
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    assert f"refuses {len(refused)} of the {len(KEY_TYPES)} key types" in readme
    assert f"refuses {len(refused)} of the server's {len(KEY_TYPES)} key types" in readme


@pytest.mark.parametrize("key_type", KEY_TYPES)
def test_one_line_makes_a_key_of_any_type(client: Any, key_type: str) -> None:
    """And hvac's other calls take it."""
    name, row = f"any-{key_type}", KEY_TYPES[key_type][0]
    client.write_data(f"transit/keys/{name}", data={"type": key_type, **NEEDED.get(key_type, {})})
    transit = client.secrets.transit
    assert transit.read_key(name)["data"]["type"] == key_type
    if row.encrypts:
        ciphertext = transit.encrypt_data(name, MESSAGE)["data"]["ciphertext"]
        assert transit.decrypt_data(name, ciphertext)["data"]["plaintext"] == MESSAGE
    if row.signs:
        signature = transit.sign_data(name, MESSAGE)["data"]["signature"]
        assert transit.verify_signed_data(name, MESSAGE, signature=signature)["data"]["valid"]
    if not key_type.endswith("-cmac"):
        assert transit.generate_hmac(name, MESSAGE)["data"]["hmac"]


def test_the_page_tells_what_else_hvac_refuses() -> None:
    page = (CHECKOUT / "docs/transit.md").read_text(encoding="utf-8")
    kinds = [kind for kind in exporting._KINDS if kind not in constants.ALLOWED_EXPORT_KEY_TYPES]
    told = re.search(r"exports of the kinds (.*?), which `client.read` gives", page, re.DOTALL)
    assert told
    assert sorted(re.findall(r"`(.+?)`", told[1])) == sorted(kinds)
    hashes = {name for name in HASHES if name not in constants.ALLOWED_HASH_DATA_ALGORITHMS}
    assert hashes == {"sha1", *(name for name in HASHES if name.startswith("sha3-"))}
    assert "hvac refuses the hashes of SHA-3 and\nSHA-1" in page
