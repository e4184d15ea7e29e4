"""The commands of docs/migration.md move what a real OpenBao has."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.products import Product
from tests.servers import CHECKOUT, Server
from tests.wire.snippets import extract, run_snippets

OLD_ADDRESS = "127.0.0.1:8300"
POLICY = 'path "transit/encrypt/orders" {\n  capabilities = ["update"]\n}\n'
PLAINTEXT = base64.b64encode(b"from before").decode()
CONTEXT = base64.b64encode(b"tenant 7").decode()
KEYS: Mapping[str, Mapping[str, Any]] = {
    "orders": {},
    "sessions": {"derived": True, "convergent_encryption": True},
    "releases": {"type": "ed25519"},
    "codes": {"type": "hmac", "key_size": 32},
    "letters": {"type": "rsa-2048", "auto_rotate_period": "720h"},
}


@pytest.fixture
def openbao(tmp_path: Path) -> Iterator[Server]:
    """A server with a history: keys that were rotated, a policy, and a key to be moved in another way."""
    if missing := Product.OPENBAO.missing():
        pytest.skip(missing)
    with Server(Product.OPENBAO, tmp_path / "openbao", development=True) as server:
        server.request("POST", "sys/mounts/transit", {"type": "transit"})
        server.request("POST", "sys/policies/acl/orders-writer", {"policy": POLICY})
        for name, settings in KEYS.items():
            server.request("POST", f"transit/keys/{name}", settings).data()
            server.request("POST", f"transit/keys/{name}/rotate", {}).data()
        yield server


def test_everything_moves(openbao: Server, tmp_path: Path) -> None:
    made = {
        "orders": _made(openbao, "encrypt/orders", key_version=1),
        "sessions": _made(openbao, "encrypt/sessions", context=CONTEXT),
        "letters": _made(openbao, "encrypt/letters"),
        "releases": _signed(openbao, "sign/releases"),
        "codes": _signed(openbao, "hmac/codes"),
    }
    # The key for the wrapped way comes when the others have been moved: what moves by backup is all there is by then.
    snippets = extract((CHECKOUT / "docs/migration.md").read_text(encoding="utf-8"))
    snippets = [
        replace(snippet, text=snippet.text.replace(OLD_ADDRESS, f"127.0.0.1:{openbao.port}")) for snippet in snippets
    ]
    wrapped = next(index for index, snippet in enumerate(snippets) if "byok-export" in snippet.text)
    with Server(Product.CRYPTOSERVE, tmp_path / "ours", development=True) as ours:
        run_snippets(snippets[:wrapped], ours, tmp_path)
        openbao.request("POST", "transit/keys/invoices", {}).data()
        openbao.request("POST", "transit/keys/invoices/rotate", {}).data()
        invoices = [_made(openbao, "encrypt/invoices", key_version=version) for version in (1, 2)]
        run_snippets(snippets[wrapped:], ours, tmp_path)
        for name in ("orders", "letters"):
            assert _opened(ours, name, made[name]) == PLAINTEXT
        assert _opened(ours, "sessions", made["sessions"], context=CONTEXT) == PLAINTEXT
        assert _made(ours, "encrypt/sessions", context=CONTEXT) == made["sessions"]
        assert [_opened(ours, "invoices", text) for text in invoices] == [PLAINTEXT] * 2
        for name, field in (("releases", "signature"), ("codes", "hmac")):
            body = {"input": PLAINTEXT, field: made[name]}
            assert ours.request("POST", f"transit/verify/{name}", body).data()["valid"] is True
        assert ours.request("GET", "transit/keys/letters").data()["auto_rotate_period"] == 2_592_000
        assert ours.request("GET", "transit/keys/invoices").data()["exportable"] is False
        assert ours.request("GET", "sys/policies/acl/orders-writer").data()["policy"] == POLICY
        # And back again, with a version that was made here.
        assert _opened(openbao, "orders", _made(ours, "encrypt/orders")) == PLAINTEXT
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [".environment", "servers.sh"]


def _made(server: Server, path: str, **body: Any) -> str:
    text: str = server.request("POST", f"transit/{path}", {"plaintext": PLAINTEXT, **body}).data()["ciphertext"]
    return text


def _signed(server: Server, path: str) -> str:
    data = server.request("POST", f"transit/{path}", {"input": PLAINTEXT}).data()
    text: str = data.get("signature") or data["hmac"]
    return text


def _opened(server: Server, name: str, ciphertext: str, **body: Any) -> str:
    data = server.request("POST", f"transit/decrypt/{name}", {"ciphertext": ciphertext, **body}).data()
    text: str = data["plaintext"]
    return text
