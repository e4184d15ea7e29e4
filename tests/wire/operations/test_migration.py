"""The commands of docs/migration.md move what a real OpenBao has."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.products import Product, free_port
from tests.support.servers import CHECKOUT, Server
from tests.wire.documents.snippets import DOCUMENTED_ADDRESS, extract, session

OLD_ADDRESS = "127.0.0.1:8300"
POLICY = 'path "transit/encrypt/orders" {\n  capabilities = ["update"]\n}\n'
PLAINTEXT = base64.b64encode(b"from before").decode()
CONTEXT = base64.b64encode(b"tenant 7").decode()
KEYS: Mapping[str, Mapping[str, Any]] = {
    "sessions": {"derived": True, "convergent_encryption": True},
    "releases": {"type": "ed25519"},
    "codes": {"type": "hmac", "key_size": 32},
    "letters": {"type": "rsa-2048", "auto_rotate_period": "720h"},
}


def test_everything_moves(tmp_path: Path) -> None:
    """From a server with more in it than the page's own, which the page starts and ends."""
    if missing := Product.OPENBAO.missing():
        pytest.skip(missing)
    snippets = extract((CHECKOUT / "docs/migration.md").read_text(encoding="utf-8"))
    (trial,) = (index for index, snippet in enumerate(snippets) if "bao server -dev" in snippet.text)
    assert "kill " in snippets[-1].text
    openbao = Server(Product.OPENBAO, tmp_path / "openbao", development=True)
    openbao.port = free_port()
    reader_folder = tmp_path / "reader"
    reader_folder.mkdir()
    with Server(Product.CRYPTOSERVE, tmp_path / "ours", development=True) as ours:
        replaced = {OLD_ADDRESS: f"127.0.0.1:{openbao.port}", DOCUMENTED_ADDRESS: f"127.0.0.1:{ours.port}"}
        with session(reader_folder, replaced) as reader:
            for snippet in snippets[: trial + 1]:
                reader.run(snippet)
            made = _history(openbao)
            invoices = [_made(openbao, "encrypt/invoices", key_version=version) for version in (1, 2)]
            for snippet in snippets[trial + 1 : -1]:
                reader.run(snippet)
            _check_moved(openbao, ours, made)
            assert [_opened(ours, "invoices", text) for text in invoices] == [PLAINTEXT] * 2
            assert ours.request("GET", "transit/keys/invoices").data()["exportable"] is False
            reader.run(snippets[-1])
    assert sorted(path.name for path in reader_folder.iterdir()) == ["old.log"]


def _history(openbao: Server) -> Mapping[str, str]:
    """Keys that the page's server lacks, rotated, and what the first version of each has made."""
    for name, settings in KEYS.items():
        openbao.request("POST", f"transit/keys/{name}", settings).data()
        openbao.request("POST", f"transit/keys/{name}/rotate", {}).data()
    return {
        "orders": _made(openbao, "encrypt/orders", key_version=1),
        "sessions": _made(openbao, "encrypt/sessions", context=CONTEXT),
        "letters": _made(openbao, "encrypt/letters"),
        "releases": _signed(openbao, "sign/releases"),
        "codes": _signed(openbao, "hmac/codes"),
    }


def _check_moved(openbao: Server, ours: Server, made: Mapping[str, str]) -> None:
    for name in ("orders", "letters"):
        assert _opened(ours, name, made[name]) == PLAINTEXT
    assert _opened(ours, "sessions", made["sessions"], context=CONTEXT) == PLAINTEXT
    assert _made(ours, "encrypt/sessions", context=CONTEXT) == made["sessions"]
    for name, field in (("releases", "signature"), ("codes", "hmac")):
        body = {"input": PLAINTEXT, field: made[name]}
        assert ours.request("POST", f"transit/verify/{name}", body).data()["valid"] is True
    assert ours.request("GET", "transit/keys/letters").data()["auto_rotate_period"] == 2_592_000
    assert ours.request("GET", "sys/policies/acl/orders-writer").data()["policy"] == POLICY
    # And back again, with a version that was made here.
    assert _opened(openbao, "orders", _made(ours, "encrypt/orders")) == PLAINTEXT


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
