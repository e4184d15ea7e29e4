"""The examples of the documentation run as they stand."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.products import Product
from tests.servers import CHECKOUT, Server
from tests.wire.snippets import SnippetFailed, extract, run_snippets

SAMPLE = """
# A sample

```text
this is not run, or it would fail
```

```sh
export BAO_ADDR=http://127.0.0.1:8200 BAO_TOKEN=root
bao secrets enable -path=sample transit
```

Then in Python:

```python
import hvac
client = hvac.Client(url="http://127.0.0.1:8200", token="root")
client.secrets.transit.create_key("orders", mount_point="sample")
print(client.secrets.transit.read_key("orders", mount_point="sample")["data"]["type"])
client.adapter.close()
```

```sh
bao list sample/keys | tail -n 1
```
"""


DOCUMENTS = (
    "README.md",
    *(f"docs/{name}.md" for name in ("namespaces", "pqc", "signatures", "signing", "tokens")),
)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents(tmp_path: Path, document: str) -> None:
    snippets = extract((CHECKOUT / document).read_text(encoding="utf-8"))
    assert {snippet.language for snippet in snippets} == {"sh", "python"}
    with Server(Product.CRYPTOSERVE, tmp_path / "server", development=True) as server:
        run_snippets(snippets, server, tmp_path)


def test_auth_methods(tmp_path: Path) -> None:
    """What is in Python there; the commands leave out what each reader has of his own."""
    snippets = extract((CHECKOUT / "docs" / "auth.md").read_text(encoding="utf-8"))
    in_python = [snippet for snippet in snippets if snippet.language == "python"]
    assert in_python
    with Server(Product.CRYPTOSERVE, tmp_path / "server", development=True) as server:
        run_snippets(in_python, server, tmp_path)


def test_a_role_for_json_web_tokens(tmp_path: Path) -> None:
    """With a key in place of the identity provider, which only the reader has, and without his token."""
    snippets = extract((CHECKOUT / "docs" / "auth.md").read_text(encoding="utf-8"))
    (snippet,) = (snippet for snippet in snippets if "auth/jwt/role/deploy" in snippet.text)
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    (tmp_path / "key.pem").write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    provider = "oidc_discovery_url=https://issuer.example.com"
    login = "bao write auth/jwt/login role=deploy jwt=...\n"
    assert provider in snippet.text
    assert login in snippet.text
    text = snippet.text.replace(provider, "jwt_validation_pubkeys=@key.pem").replace(login, "")
    begin = "export BAO_ADDR=http://127.0.0.1:8200 BAO_TOKEN=root\nbao auth enable jwt\n"
    end = "bao read -field=bound_claims auth/jwt/role/deploy\n"
    with Server(Product.CRYPTOSERVE, tmp_path / "server", development=True) as server:
        printed = run_snippets([replace(snippet, text=begin + text + end)], server, tmp_path)
    assert printed[0].endswith("map[repository:example/shop]")


@pytest.mark.skipif(shutil.which("curl") is None, reason="the example uses curl")
def test_many_records(tmp_path: Path) -> None:
    snippets = extract((CHECKOUT / "docs" / "bulk.md").read_text(encoding="utf-8"))
    with Server(Product.CRYPTOSERVE, tmp_path / "server", development=True) as server:
        run_snippets(snippets, server, tmp_path)


def test_snippets_run_in_order(development: Server, tmp_path: Path) -> None:
    snippets = extract(SAMPLE)
    assert [(snippet.language, snippet.line) for snippet in snippets] == [("sh", 9), ("python", 16), ("sh", 24)]
    printed = run_snippets(snippets, development, tmp_path)
    assert printed[1:] == ["aes256-gcm96\n", "orders\n"]


@pytest.mark.parametrize(
    "text",
    ["```sh\nfalse\ntrue\n```\n", "```python\nraise SystemExit(3)\n```\n", "```sh\necho $UNKNOWN_NAME\n```\n"],
)
def test_a_failing_snippet_is_told(development: Server, tmp_path: Path, text: str) -> None:
    with pytest.raises(SnippetFailed, match="snippet in line 2"):
        run_snippets(extract(text), development, tmp_path)


def test_a_block_without_end_is_told() -> None:
    with pytest.raises(SnippetFailed, match="line 3"):
        extract("# Title\n```sh\ntrue\n")
