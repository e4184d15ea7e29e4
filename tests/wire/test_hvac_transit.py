"""``cryptoserve.hvac`` with a real hvac against a real server, for what hvac's own class refuses to ask."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import hvac
import pytest
from hvac.exceptions import ParamValidationError

from cryptoserve.hvac import Transit
from tests.products import Product
from tests.servers import Server

MESSAGE = base64.b64encode(b"attack at dawn").decode()
CONTEXT = base64.b64encode(b"letters").decode()


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
