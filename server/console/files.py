"""Files of any size on the page of tools: encrypted and decrypted by streams in parts, signed by their digest.

A browser can't read an answer while it sends, so the script of the page sends a file in parts, each of which is one
stream of the API. A part begins with a line of JSON that says what to do, and the bytes of the file follow.

An encrypted file is lines of JSON that ``stream/decrypt`` takes: a record of ``RECORD_BYTES`` each, whose associated
data say of which file it is, which record, and whether it is the last. So records of other files, missing ones and
ones in another order are found.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any, Literal

import msgspec
import orjson
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from engines.encoding import NotBase64, decode_base64, encode_base64
from engines.faults import InvalidRequest, TooLarge, Unavailable
from server.console.api import Api, Result, result_of
from server.console.guard import is_hexadecimal
from server.listeners.asgi import RELEASE, Hold, unbounded
from server.pipeline.stream import Stream

RECORD_BYTES = 65_535
"""The bytes of a record but the last: a multiple of three, so that the base64 of records can be joined."""

MAX_PART_BYTES = 8 * 1024 * 1024
"""The largest part, in bytes."""

_MAX_HEAD_BYTES = 128 * 1024
_AT_ONCE = 8
"""The records given to a stream at once."""

_ID_CHARACTERS = 32
_MARK = "cryptoserve file "


class Head(Struct, frozen=True, forbid_unknown_fields=True):
    """The first line of a part."""

    csrf_token: str
    operation: Literal["encrypt", "decrypt", "sign", "verify"]
    mount: str
    name: str
    file: str = ""
    """The file's id, of hexadecimal digits; to decrypt its first part, empty."""

    index: int = 0
    """The number of the part's first record."""

    last: bool = True
    signature: str = ""


class _Line(Struct, frozen=True):
    """One record of an encrypted file."""

    ciphertext: str
    associated_data: str


class Part:
    """One request of the page's script. The head is read first, the contents after it was accepted."""

    def __init__(self, request: Request, stall_seconds: float) -> None:
        self._chunks = aiter(request.stream())
        self._stall_seconds = stall_seconds
        self._rest = b""
        self._hold: Hold = request.scope.get(RELEASE, unbounded)()

    async def head(self) -> Head:
        """What to do. Raises ``InvalidRequest``."""
        found, chunk = bytearray(), b""
        while b"\n" not in chunk:
            if len(found) > _MAX_HEAD_BYTES or not (chunk := await self._next()):
                raise InvalidRequest("the part doesn't say what to do")
            found += chunk
        line, _, self._rest = bytes(found).partition(b"\n")
        try:
            return msgspec.json.decode(line, type=Head)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise InvalidRequest("the part doesn't say what to do") from None

    async def pieces(self) -> AsyncIterator[bytes]:
        """The contents, as they arrive."""
        if self._rest:
            yield self._rest
        while chunk := await self._next():
            yield chunk

    async def whole(self) -> bytes:
        """The contents. Raises ``TooLarge``."""
        found = bytearray()
        async for piece in self.pieces():
            found += piece
            if len(found) > MAX_PART_BYTES:
                raise TooLarge(f"a part of a file is at most {MAX_PART_BYTES} bytes large")
            self._hold(len(found))
        return bytes(found)

    async def _next(self) -> bytes:
        """The next bytes; none at the end."""
        try:
            async with asyncio.timeout(self._stall_seconds):
                async for chunk in self._chunks:
                    if chunk:
                        return chunk
        except TimeoutError:
            raise Unavailable("the file stopped arriving") from None
        return b""


async def carry_out(api: Api, head: Head, part: Part) -> Response:
    """Do with ``part`` what its head says, as the caller of ``api``. Raises a fault."""
    if head.operation in ("sign", "verify"):
        return await _of_digest(api, head, part)
    made = _encrypted if head.operation == "encrypt" else _decrypted
    found = await made(api, head, await part.whole())
    return refused(found) if isinstance(found, Result) else found


def refused(result: Result) -> Response:
    """Why nothing was done, for the page's script."""
    return Response(orjson.dumps({"errors": result.errors}), result.status, media_type="application/json")


async def _of_digest(api: Api, head: Head, part: Part) -> Response:
    """A signature of the file's SHA-256, or whether it fits: one request of the API for a file of any size."""
    digest = hashlib.sha256()
    async for piece in part.pieces():
        digest.update(piece)
    data: dict[str, Any] = {"input": encode_base64(digest.digest()), "prehashed": True, "hash_algorithm": "sha2-256"}
    if head.operation == "verify":
        data["signature"] = head.signature.strip()
    result = await api.write(f"{head.mount}/{head.operation}/{head.name}", data)
    return Response(orjson.dumps(result.data), media_type="application/json") if result.ok else refused(result)


async def _encrypted(api: Api, head: Head, contents: bytes) -> Response | Result:
    """The records of the part, encrypted. Only the last part may end in a shorter record, which may be empty."""
    if not _is_id(head.file) or head.index < 0:
        raise InvalidRequest("a file is named by 32 hexadecimal digits")
    if not head.last and (not contents or len(contents) % RECORD_BYTES):
        raise InvalidRequest(f"a part but the last has records of {RECORD_BYTES} bytes")
    records = [contents[at : at + RECORD_BYTES] for at in range(0, len(contents) or 1, RECORD_BYTES)]
    marks = [
        encode_base64(_mark(head.file, head.index + at, last=head.last and at == len(records) - 1))
        for at in range(len(records))
    ]
    lines = [
        orjson.dumps({"plaintext": encode_base64(record), "associated_data": mark}) + b"\n"
        for record, mark in zip(records, marks, strict=True)
    ]
    answers = await _streamed(api, f"{head.mount}/stream/encrypt/{head.name}", lines)
    if isinstance(answers, Result):
        return answers
    made = (
        orjson.dumps({"ciphertext": answer["ciphertext"], "associated_data": mark}) + b"\n"
        for answer, mark in zip(answers, marks, strict=True)
    )
    return _file(b"".join(made), head.file, len(records))


async def _decrypted(api: Api, head: Head, contents: bytes) -> Response | Result:
    """The contents of the part's records, if they are what comes next."""
    try:
        records = msgspec.json.Decoder(_Line).decode_lines(contents)
        first = decode_base64(records[0].associated_data).decode() if records else ""
    except (msgspec.MsgspecError, UnicodeDecodeError, NotBase64):
        raise InvalidRequest("this is no file that this page has encrypted") from None
    file = head.file or first.removeprefix(_MARK).partition(" ")[0]
    if not _is_id(file):
        raise InvalidRequest("this is no file that this page has encrypted")
    if not records:
        raise InvalidRequest("the file ends too early")
    for at, record in enumerate(records):
        expected = _mark(file, head.index + at, last=head.last and at == len(records) - 1)
        if record.associated_data != encode_base64(expected):
            raise InvalidRequest(
                f"record {head.index + at} isn't the one that belongs here: the file was changed or cut"
            )
    lines = [msgspec.json.encode(record) + b"\n" for record in records]
    answers = await _streamed(api, f"{head.mount}/stream/decrypt/{head.name}", lines)
    if isinstance(answers, Result):
        return answers
    return _file(b"".join(decode_base64(answer["plaintext"]) for answer in answers), file, len(records))


def _is_id(text: str) -> bool:
    """Whether ``text`` is the id of a file, which goes into headers and lines as it is."""
    return len(text) == _ID_CHARACTERS and is_hexadecimal(text)


def _mark(file: str, index: int, *, last: bool) -> bytes:
    """The associated data of a record."""
    return f"{_MARK}{file} {index}{' last' if last else ''}".encode()


def _file(contents: bytes, file: str, records: int) -> Response:
    headers = {"x-file": file, "x-records": str(records)}
    return Response(contents, media_type="application/octet-stream", headers=headers)


async def _streamed(api: Api, path: str, lines: Sequence[bytes]) -> list[dict[str, Any]] | Result:
    """The answers of the stream at ``path`` to all ``lines``, or the first error."""
    stream = await api.open_stream(path)
    if isinstance(stream, Result):
        return stream
    answers: list[dict[str, Any]] = []
    try:
        for at in range(0, len(lines), _AT_ONCE):
            async with aclosing(stream.answers(b"".join(lines[at : at + _AT_ONCE]))) as groups:
                async for written in groups:
                    answers += (orjson.loads(line) for line in written.splitlines())
                    await asyncio.sleep(0)  # Lets other tasks run.
            wrong = next((answer["error"] for answer in answers if "error" in answer), None)
            if wrong is not None:
                await stream.close()
                return Result(400, errors=[wrong])
        await stream.close()
    except Exception as error:  # noqa: BLE001 - told to the person, and counted, as for any other stream
        return await _ended(stream, error)
    finally:
        await stream.close(asyncio.CancelledError())  # If it isn't closed yet, the browser has gone.
    return answers


async def _ended(stream: Stream, error: Exception) -> Result:
    await stream.close(error)
    return result_of(stream.failure(error))
