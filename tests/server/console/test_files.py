"""Files in parts, as the script of the page of tools sends them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engines.encoding import encode_base64
from server.console.files import MAX_PART_BYTES, RECORD_BYTES
from tests.server.console.browser import SAME_ORIGIN, Browser, Seen
from tests.server.console.conftest import NewBrowser
from tests.support.systems import Server

FILE = "0123456789abcdef" * 2


async def _send(browser: Browser, contents: bytes, **head: Any) -> Seen:
    page = await browser.get("/ui/tools")
    usual = {"csrf_token": page.csrf_token, "operation": "encrypt", "mount": "transit", "name": "orders", "file": FILE}
    line = json.dumps({**usual, **head}).encode() + b"\n"
    return await browser.send("POST", "/ui/tools/files", line + contents, SAME_ORIGIN)


def _errors(answer: Seen) -> list[str]:
    found: list[str] = json.loads(answer.body)["errors"]
    return found


@pytest.mark.parametrize("size", [0, 1, RECORD_BYTES, RECORD_BYTES + 1, 3 * RECORD_BYTES])
async def test_a_file_comes_back(server: Server, browser: Browser, size: int) -> None:
    contents = (bytes(range(256)) * (size // 256 + 1))[:size]
    encrypted = await _send(browser, contents)
    assert encrypted.status == 200, encrypted.body
    records = encrypted.body.splitlines()
    assert encrypted.header("x-records") == str(len(records)) == str(max(1, -(-size // RECORD_BYTES)))
    decrypted = await _send(browser, encrypted.body, operation="decrypt", file="")
    assert (decrypted.status, decrypted.header("x-file"), decrypted.body) == (200, FILE, contents)
    _, batch = await server.ask(
        "POST", "transit/decrypt/orders", {"batch_input": [json.loads(line) for line in records]}
    )
    assert all("plaintext" in result for result in batch["data"]["batch_results"])


async def test_records_belong_to_one_place_of_one_file(browser: Browser) -> None:
    first = await _send(browser, b"a" * 2 * RECORD_BYTES, last=False)
    rest = await _send(browser, b"end", index=2)
    records = (first.body + rest.body).splitlines(keepends=True)
    other = (await _send(browser, b"b" * 2 * RECORD_BYTES, file="f" * 32, last=False)).body.splitlines(keepends=True)
    assert (await _send(browser, b"".join(records), operation="decrypt", file="")).body.endswith(b"aend")
    parts = [
        await _send(browser, b"".join(records[:2]), operation="decrypt", file="", last=False),
        await _send(browser, records[2], operation="decrypt", index=2),
    ]
    assert [part.status for part in parts] == [200, 200]
    for end in (b"", b"\n"):
        answer = await _send(browser, end, operation="decrypt", index=2)
        assert (answer.status, _errors(answer)) == (400, ["the file ends too early"])
    for wrong in (records[:2], records[1:], records[::-1], [*records, records[2]], [records[0], other[1], records[2]]):
        answer = await _send(browser, b"".join(wrong), operation="decrypt", file="")
        assert (answer.status, "the file was changed or cut" in _errors(answer)[0]) == (400, True)
    for contents in (b"", b"{}\n", b"not json", b"\xff\n", records[0].replace(b"vault:v1:", b"vault:v9:")):
        assert (await _send(browser, contents, operation="decrypt", file="", last=False)).status == 400


async def test_an_id_goes_into_no_header_unchecked(server: Server, browser: Browser) -> None:
    for file in ("x\r\nset-cookie: a=b", "f" * 31, "F" * 32, ""):
        mark = encode_base64(f"cryptoserve file {file} 0 last".encode())
        given = {"plaintext": "aGVsbG8=", "associated_data": mark}
        _, made = await server.ask("POST", "transit/encrypt/orders", given)
        record = json.dumps({"ciphertext": made["data"]["ciphertext"], "associated_data": mark}).encode()
        answer = await _send(browser, record, operation="decrypt", file="")
        assert (answer.status, answer.header("set-cookie")) == (400, "")


async def test_a_file_is_signed_by_its_digest(server: Server, browser: Browser) -> None:
    await server.ask("POST", "transit/keys/signer", {"type": "ecdsa-p256"})
    contents = b"x" * (MAX_PART_BYTES + 1)
    signed = await _send(browser, contents, operation="sign", name="signer")
    signature = json.loads(signed.body)["signature"]
    for text, valid in ((contents, True), (contents + b"y", False)):
        answer = await _send(browser, text, operation="verify", name="signer", signature=signature)
        assert json.loads(answer.body) == {"valid": valid}


async def test_a_part_is_refused_in_words(browser: Browser, new_browser: NewBrowser) -> None:
    for head, status in (
        ({"name": "none"}, 400),
        ({"mount": "nowhere"}, 404),
        ({"operation": "export"}, 400),
        ({"file": "short"}, 400),
        ({"index": -1}, 400),
        ({"last": False}, 400),
        ({"more": 1}, 400),
        ({"csrf_token": "guess"}, 403),
        ({"csrf_token": ""}, 403),
    ):
        answer = await _send(browser, b"text", **head)
        assert (answer.status, bool(_errors(answer))) == (status, True), head
    assert (await _send(browser, b"a" * (MAX_PART_BYTES + 1))).status == 413
    for body in (b"", b"no end", b"\xff\n", b"a" * 200_000):
        assert (await browser.send("POST", "/ui/tools/files", body, SAME_ORIGIN)).status == 400
    assert (await new_browser().send("POST", "/ui/tools/files", b"", SAME_ORIGIN)).status == 403
    assert (await browser.send("POST", "/ui/tools/files", b"", {"sec-fetch-site": "same-site"})).status == 403


async def test_a_part_is_the_callers_own_request(server: Server, browser: Browser, new_browser: NewBrowser) -> None:
    policy = 'path "transit/stream/encrypt/orders" { capabilities = ["update"] }'
    await server.ask("POST", "sys/policies/acl/files", {"policy": policy})
    _, made = await server.ask("POST", "auth/token/create", {"policies": ["files"]})
    other = new_browser()
    await other.log_in(made["auth"]["client_token"])
    encrypted = await _send(other, b"text")
    assert encrypted.status == 200
    assert (await _send(other, encrypted.body, operation="decrypt", file="")).status == 403
