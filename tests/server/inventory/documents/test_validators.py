"""Documents as other implementations read them: the npm library of CycloneDX, and the Python tools of SPDX."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from server.inventory.documents.writers import FORMATS
from tests.server.inventory.test_own import server as server_with_listener
from tests.support.systems import Server

HERE = Path(__file__).parent / "npm"
INSTALL_SECONDS = 60
_OFFLINE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ECONNRESET", "ENETUNREACH")

server = server_with_listener


async def documents(server: Server, folder: Path) -> dict[str, Path]:
    """Documents of a server with TLS and keys of several kinds, by format."""
    assert (await server.ask("POST", "sys/mounts/transit", {"type": "transit"}))[0] == 204
    for key_type in ("aes256-gcm96", "ed25519", "rsa-2048", "hmac"):
        body = {"type": key_type} | ({"key_size": 32} if key_type == "hmac" else {})
        assert (await server.ask("POST", f"transit/keys/{key_type}", body))[0] == 200
    await server.ask("POST", "transit/keys/ed25519/config", {"deletion_allowed": True})
    await server.ask("DELETE", "transit/keys/ed25519")
    await server.ask("POST", "transit/keys/rsa-2048/compromised", {"version": 1})
    found = {}
    for format in FORMATS:
        found[format] = folder / f"{format}.json"
        found[format].write_bytes((await server.send("GET", f"sys/inventory/cbom?format={format}&use=true")).body)
    return found


def install(folder: Path) -> None:
    """Install the npm library from its lock, or skip the test."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("npm is missing, with which the library of CycloneDX for JavaScript is installed")
    for name in ("package.json", "package-lock.json", "validate.js"):
        shutil.copy(HERE / name, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=optional"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    if done.returncode and any(word in done.stderr for word in _OFFLINE):
        pytest.skip("the npm registry isn't reachable")
    assert done.returncode == 0, done.stderr


async def test_the_npm_library_accepts_all_versions(server: Server, tmp_path: Path) -> None:
    install(tmp_path)
    files = await documents(server, tmp_path)
    names = [str(path) for format, path in files.items() if format.startswith("cyclonedx")]
    wrong = tmp_path / "wrong.json"
    document = json.loads(files["cyclonedx-1.7"].read_text())
    document["components"][0]["cryptoProperties"]["relatedCryptoMaterialProperties"]["state"] = "lost"
    wrong.write_text(json.dumps(document))
    done = subprocess.run(
        ["node", "validate.js", *names, str(wrong)], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    assert found.pop(str(wrong)) and len(found) == 3
    assert not any(found.values()), found


async def test_the_tools_of_spdx_accept_it(server: Server, tmp_path: Path) -> None:
    files = await documents(server, tmp_path)
    document = parse_file(str(files["spdx-2.3"].rename(tmp_path / "document.spdx.json")))
    assert not validate_full_spdx_document(document, "SPDX-2.3")
    assert len(document.packages) > 50
    comments = [json.loads(each.annotation_comment) for each in document.annotations]
    states = {each["cryptoserve:algorithm"]: each["cryptoserve:state"] for each in comments if "cryptoserve:id" in each}
    assert states == {
        "aes256-gcm96": "active",
        "hmac": "active",
        "ed25519": "destroyed",
        "rsa-2048": "compromised",
    }
    document.relationships[-1].related_spdx_element_id = "SPDXRef-nowhere"
    assert validate_full_spdx_document(document, "SPDX-2.3")
