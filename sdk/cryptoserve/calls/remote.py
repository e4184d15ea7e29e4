"""The calls: their requests and the reading of answers, for ``CryptoServe`` and ``AsyncCryptoServe`` alike."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias, TypedDict, TypeVar

from cryptoserve.calls.names import associated_data, checked_mount, checked_name
from cryptoserve.calls.refusals import Reason, item_refusal, policy_sentences, reason_of, refusal
from cryptoserve.errors import (
    BatchFailed,
    ContextNotFound,
    CryptoServeError,
    InvalidResponse,
    UnsuitableKey,
)
from cryptoserve.http.exchange import Answer, Exchange, texts
from cryptoserve.http.session import Session
from cryptoserve.http.steps import Steps

MAX_BATCH_ITEMS = 100
"""Items of one request: OpenBao reads at most a thousand texts in a body, names included."""

MAX_BATCH_CHARACTERS = 8 << 20
"""Characters of the items of one request; a single item may have more."""

Bytes: TypeAlias = bytes | bytearray | memoryview
Item = TypeVar("Item", str, bytes)

_MADE = re.compile(r"vault:v[1-9][0-9]{0,9}:[A-Za-z0-9+/_=-]+")


class ContextSettings(TypedDict, total=False):
    """Properties of a key that has yet to be made."""

    data_class: str | None
    """What the key protects, for the defaults of crypto policies."""
    key_type: str | None
    """The type of a new key; None for the server's default."""


class Calls:
    """The operations of one client, as steps."""

    def __init__(
        self,
        session: Session,
        exchange: Exchange,
        app_name: str,
        team: str,
        mount: str,
        contexts: Mapping[str, ContextSettings] | None,
    ) -> None:
        self._session = session
        self._exchange = exchange
        self._app = checked_name(app_name, "app_name")
        self._team = checked_name(team, "team")
        self._mount = checked_mount(mount)
        self._contexts = {name: _checked(name, settings) for name, settings in (contexts or {}).items()}

    def encrypt(self, plaintext: Bytes, context: str) -> Steps[str]:
        """The ciphertext."""
        fields = self._new_key(context) | self._item("plaintext", encoded(plaintext, "plaintext"), context)
        answer = yield from self._encrypted(context, fields)
        return _made(answer, "ciphertext")

    def decrypt(self, ciphertext: str, context: str) -> Steps[bytes]:
        """The plaintext."""
        fields = self._item("ciphertext", _text(ciphertext, "ciphertext"), context)
        what = f"decrypt under {context}"
        answer = yield from self._post(f"decrypt/{context}", fields, self._exchange.deadline())
        return _plaintext(self._done(answer, what, opening=True))

    def encrypt_many(self, plaintexts: Sequence[Bytes], context: str) -> Steps[list[str]]:
        """The ciphertexts, in order."""
        bound = self._item("plaintext", "", context)
        items = [bound | {"plaintext": encoded(each, "plaintext")} for each in plaintexts]

        def send(chunk: list[dict[str, str]]) -> Steps[Answer]:
            return self._encrypted(context, self._new_key(context) | {"batch_input": chunk}, batch=True)

        results = yield from _many(items, send, _made_item, f"encrypt under {context}", opening=False)
        return results

    def decrypt_many(self, ciphertexts: Sequence[str], context: str) -> Steps[list[bytes]]:
        """The plaintexts, in order."""
        bound = self._item("ciphertext", "", context)
        items = [bound | {"ciphertext": _text(each, "ciphertext")} for each in ciphertexts]

        def send(chunk: list[dict[str, str]]) -> Steps[Answer]:
            return self._post(f"decrypt/{context}", {"batch_input": chunk}, self._exchange.deadline())

        results = yield from _many(items, send, _opened_item, f"decrypt under {context}", opening=True)
        return results

    def rewrap(self, ciphertext: str, context: str) -> Steps[str]:
        """The same message under the key's latest version."""
        fields = self._item("ciphertext", _text(ciphertext, "ciphertext"), context)
        answer = yield from self._post(f"rewrap/{context}", fields, self._exchange.deadline())
        return _made(self._done(answer, f"rewrap under {context}", opening=True), "ciphertext")

    def data_key(self, context: str) -> Steps[Answer]:
        """The answer with a new data key, in clear and bound to context, app and team as ciphertexts are."""
        deadline, what = self._exchange.deadline(), f"data key under {context}"
        fields: dict[str, object] = {"bits": 256, **self._associated(context)}
        answer = yield from self._post(f"datakey/plaintext/{context}", fields, deadline)
        if not answer.succeeded and reason_of(answer.errors) is Reason.NO_KEY:
            yield from self.encrypt(b"", context)
            answer = yield from self._post(f"datakey/plaintext/{context}", fields, deadline)
        return self._done(answer, what)

    def rotate(self, context: str) -> Steps[None]:
        """Give the context's key a new version."""
        path = f"keys/{checked_name(context, 'context')}/rotate"
        answer = yield from self._post(path, {}, self._exchange.deadline(), repeats=False)
        self._done(answer, f"rotate the key of {context}")

    def hmac(self, data: Bytes, context: str) -> Steps[str]:
        """The code."""
        deadline = self._exchange.deadline()
        fields: dict[str, object] = {"input": encoded(data, "data")}
        path = f"hmac/{checked_name(context, 'context')}"
        answer = yield from self._post(path, fields, deadline)
        if not answer.succeeded and reason_of(answer.errors) is Reason.NO_KEY:
            # Codes need a key that is there, and encrypting is what makes one.
            yield from self.encrypt(b"", context)
            answer = yield from self._post(path, fields, deadline)
        return _made(self._done(answer, f"hmac under {context}"), "hmac")

    def hmac_many(self, data: Sequence[Bytes], context: str) -> Steps[list[str]]:
        """The codes, in order."""
        checked_name(context, "context")
        items = [{"input": encoded(each, "data")} for each in data]

        def send(chunk: list[dict[str, str]]) -> Steps[Answer]:
            deadline, fields = self._exchange.deadline(), {"batch_input": chunk}
            answer = yield from self._post(f"hmac/{context}", fields, deadline)
            if not answer.succeeded and reason_of(answer.errors) is Reason.NO_KEY:
                yield from self.encrypt(b"", context)
                answer = yield from self._post(f"hmac/{context}", fields, deadline)
            return answer

        results = yield from _many(items, send, _code_item, f"hmac under {context}", opening=False)
        return results

    def verify_hmac(self, data: Bytes, hmac: str, context: str) -> Steps[bool]:
        """Whether the code is one of the data."""
        return self._verified(data, {"hmac": _text(hmac, "hmac")}, checked_name(context, "context"))

    def sign(self, data: Bytes, key: str) -> Steps[str]:
        """The signature."""
        deadline = self._exchange.deadline()
        fields: dict[str, object] = {"input": encoded(data, "data")}
        path = f"sign/{checked_name(key, 'key')}"
        answer = yield from self._post(path, fields, deadline)
        if not answer.succeeded and reason_of(answer.errors) is Reason.NO_KEY and self._key_type(key):
            yield from self._create(key, deadline)
            answer = yield from self._post(path, fields, deadline)
        return _made(self._done(answer, f"sign with {key}"), "signature")

    def verify(self, data: Bytes, signature: str, key: str) -> Steps[bool]:
        """Whether the signature is one of the data."""
        return self._verified(data, {"signature": _text(signature, "signature")}, checked_name(key, "key"))

    def _verified(self, data: Bytes, given: dict[str, str], key: str) -> Steps[bool]:
        fields: dict[str, object] = {"input": encoded(data, "data"), **given}
        (mark,) = given.values()
        if _MADE.fullmatch(mark) is None:
            return False
        answer = yield from self._post(f"verify/{key}", fields, self._exchange.deadline())
        if answer.status == 400 and answer.errors and reason_of(answer.errors) is None:
            # A version that there isn't, or that is out of use; bytes that are no signature of such a key.
            return False
        valid = self._done(answer, f"verify with {key}").data.get("valid")
        if not isinstance(valid, bool):
            raise InvalidResponse("the answer doesn't tell whether it is valid", request_id=answer.request_id)
        return valid

    def _encrypted(self, context: str, fields: dict[str, object], *, batch: bool = False) -> Steps[Answer]:
        """The answer to an encryption, for which the key is made if it has to be."""
        deadline, what = self._exchange.deadline(), f"encrypt under {context}"
        answer = yield from self._post(f"encrypt/{context}", fields, deadline)
        if answer.status == 403 and not policy_sentences(answer.errors):
            yield from self._explain(context, answer, deadline)
        if not answer.succeeded and reason_of(answer.errors) is Reason.NO_KEY_TO_MAKE:
            yield from self._create(context, deadline)
            answer = yield from self._post(f"encrypt/{context}", fields, deadline)
        return answer if batch else self._done(answer, what)

    def _explain(self, context: str, refused: Answer, deadline: float) -> Steps[None]:
        """Raise ``ContextNotFound`` if the token could encrypt under a key that is there."""
        path, classification = f"{self._mount}/encrypt/{context}", f"{self._mount}/keys/{context}/classification"
        classifies = "data_class" in self._new_key(context)
        paths = [path, classification] if classifies else [path]
        answer = yield from self._session.request("POST", "sys/capabilities-self", {"paths": paths}, deadline=deadline)
        granted = _granted(answer, path)
        makes = "create" in granted and (not classifies or "update" in _granted(answer, classification))
        if "update" in granted and not makes:
            message = f"encrypt under {context}: there is no such key, and the token may not make it"
            raise ContextNotFound(message, request_id=refused.request_id)

    def _create(self, name: str, deadline: float) -> Steps[None]:
        """Make a key where the engine makes none on the way."""
        answer = yield from self._post(f"keys/{name}", self._new_key(name), deadline, repeats=False)
        if answer.status == 403 and not policy_sentences(answer.errors):
            message = f"there is no key {name}, and the token may not make it"
            raise ContextNotFound(message, request_id=answer.request_id)
        self._done(answer, f"make the key {name}")

    def _post(self, path: str, fields: Mapping[str, object], deadline: float, *, repeats: bool = True) -> Steps[Answer]:
        return self._session.request("POST", f"{self._mount}/{path}", fields, deadline=deadline, repeats=repeats)

    def _done(self, answer: Answer, what: str, *, opening: bool = False) -> Answer:
        if not answer.succeeded:
            raise refusal(answer, what, opening=opening)
        return answer

    def bound(self, context: str) -> bytes:
        """The associated data of everything under ``context``."""
        return associated_data(context, self._app, self._team)

    def _item(self, field: str, text: str, context: str) -> dict[str, str]:
        return {field: text, **self._associated(context)}

    def _associated(self, context: str) -> dict[str, str]:
        return {"associated_data": base64.b64encode(self.bound(context)).decode("ascii")}

    def _key_type(self, name: str) -> str | None:
        return self._contexts.get(name, {}).get("key_type")

    def _new_key(self, name: str) -> dict[str, object]:
        """What a key of that name is to be, if it has to be made."""
        known = self._contexts.get(checked_name(name, "context"), {})
        wanted = {"type": known.get("key_type"), "data_class": known.get("data_class")}
        return {field: text for field, text in wanted.items() if text}


def _checked(name: str, settings: ContextSettings) -> ContextSettings:
    checked_name(name, "context")
    unknown = set(settings) - {"data_class", "key_type"}
    if unknown:
        raise ValueError(f"context {name!r}: expected data_class and key_type, got {sorted(unknown)}")
    return settings


def encoded(data: Bytes, what: str) -> str:
    """``data`` in base64. Raises ``TypeError`` for a text: only the caller knows its encoding."""
    checked_bytes(data, what)
    return base64.b64encode(data).decode("ascii")


def _granted(answer: Answer, path: str) -> tuple[str, ...]:
    """The capabilities on ``path`` that an answer of ``sys/capabilities-self`` tells; none if it was refused."""
    return texts(answer.data.get(path)) if answer.succeeded else ()


def checked_bytes(data: Bytes, what: str) -> int:
    """How many bytes ``data`` are. Raises ``TypeError`` if they are none."""
    if isinstance(data, bytes):
        return len(data)
    if not isinstance(data, bytearray | memoryview):
        raise TypeError(f"{what}: expected bytes, got {type(data).__name__}")
    return len(data) if isinstance(data, bytearray) else data.nbytes


def _text(value: str, what: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{what}: expected str, got {type(value).__name__}")
    return value


def _made(answer: Answer, field: str) -> str:
    return _made_text(answer.data.get(field), answer.request_id)


def _made_text(value: object, request_id: str) -> str:
    if not isinstance(value, str) or _MADE.fullmatch(value) is None:
        raise InvalidResponse("the answer holds no text that begins with a key's version", request_id=request_id)
    return value


def _plaintext(answer: Answer) -> bytes:
    return decoded_base64(answer.data.get("plaintext"), answer.request_id)


def decoded_base64(value: object, request_id: str) -> bytes:
    """The bytes of an answer's base64. Raises ``InvalidResponse``."""
    if isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            pass
    raise InvalidResponse("the answer holds no base64 of a plaintext", request_id=request_id)


def _made_item(item: Mapping[str, object], request_id: str) -> str:
    return _made_text(item.get("ciphertext"), request_id)


def _code_item(item: Mapping[str, object], request_id: str) -> str:
    return _made_text(item.get("hmac"), request_id)


def _opened_item(item: Mapping[str, object], request_id: str) -> bytes:
    return decoded_base64(item.get("plaintext"), request_id)


def _many(
    items: list[dict[str, str]],
    send: Callable[[list[dict[str, str]]], Steps[Answer]],
    read: Callable[[Mapping[str, object], str], Item],
    what: str,
    *,
    opening: bool,
) -> Steps[list[Item]]:
    """The results of all items, which are sent in as many requests as they need, each with a time of its own."""
    results: list[Item | None] = []
    errors: dict[int, CryptoServeError] = {}
    for chunk in chunks(items):
        answer = yield from send(chunk)
        found = answer.data.get("batch_results")
        # A batch of which items failed has another status, and the results all the same.
        if not isinstance(found, list) or answer.status in (401, 403):
            if answer.succeeded:
                raise InvalidResponse("the answer holds no results", request_id=answer.request_id)
            raise refusal(answer, what, opening=opening)
        if len(found) != len(chunk):
            raise InvalidResponse("the answer has another number of results", request_id=answer.request_id)
        for result in found:
            if not isinstance(result, dict):
                raise InvalidResponse("the answer holds a result that is no object", request_id=answer.request_id)
            error = result.get("error")
            if isinstance(error, str) and error:
                fault = item_refusal(error, f"{what}, item {len(results)}", answer.request_id, opening=opening)
                if isinstance(fault, UnsuitableKey):
                    raise refusal(Answer(400, answer.request_id, {"errors": [error]}), what, opening=opening)
                errors[len(results)] = fault
                results.append(None)
            else:
                results.append(read(result, answer.request_id))
    if errors:
        raise BatchFailed(f"{what}: {len(errors)} of {len(items)} items failed", results=results, errors=errors)
    return [result for result in results if result is not None]


def chunks(items: list[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
    """``items`` in order, in lists that one request takes."""
    chunk: list[dict[str, str]] = []
    characters = 0
    for item in items:
        size = sum(map(len, item.values()))
        if chunk and (len(chunk) == MAX_BATCH_ITEMS or characters + size > MAX_BATCH_CHARACTERS):
            yield chunk
            chunk, characters = [], 0
        chunk.append(item)
        characters += size
    if chunk:
        yield chunk
