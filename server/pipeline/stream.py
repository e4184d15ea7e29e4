"""Stream: one request whose body is NDJSON of any length, answered line by line while it arrives.

It is authorized like any other request, and again with every group of items: the server must be unsealed, the token
valid, the mount present, and the path granted. So whatever ends a token's rights ends its streams.

The audit records a stream as one request: an entry before its first item, and one at its end with the number of items,
the number of failed ones, and SHA-256 digests of all that was received and sent. Entries for each item would cost as
much as the items; with the digests, an owner of the data can prove what was processed.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Callable
from functools import lru_cache
from time import perf_counter, perf_counter_ns
from typing import Any

import msgspec
from msgspec.structs import replace

from engines.base import Answers, Call
from engines.faults import Denied, Fault, InvalidRequest, NotFound, Sealed, Unauthenticated
from server.access.request_context import RequestContext
from server.audit.broker import Pending
from server.audit.entry import AuditResponse, refusal
from server.core.lifecycle import Core
from server.core.unsealed import Unsealed
from server.core.use_counter import Seen, crypto_members
from server.pipeline.authorize import end_used_up
from server.pipeline.resolve import check_namespace
from server.pipeline.response import Answer, Headers

MAX_GROUP = 500
"""The most items answered without a pause for other requests."""

MAX_MALFORMED = 1_000
"""The most consecutive lines without an item. The answer to one is forty times as long as the shortest such line."""

_MAX_REFERRED_BYTES = 64 * 1024
_SLOW_SECONDS = 0.01
_FAST_SECONDS = 0.002
_MALFORMED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_encode_lines = msgspec.json.Encoder().encode_lines


class Stream:
    """An authorized stream; ``each`` is the handler's."""

    each: Answers

    def __init__(
        self,
        core: Core,
        unsealed: Unsealed,
        context: RequestContext,
        call: Call,
        pending: Pending,
        failure: Callable[[Exception, str], Answer],
    ) -> None:
        assert context.route is not None and context.route.item is not None, "only such a route is a stream's"
        self._core = core
        self._unsealed = unsealed
        self._context = context
        self._call = call
        self._pending: Pending | None = pending
        self._began_ns = perf_counter_ns()
        core.runtime.in_flight[context.request_id] = context.request, self._began_ns
        self._failure = failure
        self._counted: Seen = {}
        self._decoder = _decoder(context.route.item)
        self._received = hashlib.sha256()
        self._sent = hashlib.sha256()
        self._group = 100
        self._malformed = 0
        self.headers: Headers = ()
        self.request_id = context.request_id
        """What the answer's head says beyond that of every stream."""
        self.items = 0
        """How many items have been answered, and how many of them with an error."""
        self.failed = 0

    async def answers(self, lines: bytes) -> AsyncGenerator[bytes, None]:
        """The answers to whole ``lines``, a group at a time. Raises the exception that ends the stream."""
        self._received.update(lines)
        items = self._read(lines)
        start = 0
        while start < len(items):
            group = items[start : start + self._group]
            start += len(group)
            if type(group[0]) is bytes:
                group = [self._read_line(line) for line in group]
            await self._check(group)  # After parsing: policies judge the items' contents.
            began = perf_counter()
            results = await self._answer(group)
            self._count()
            self._adapt(perf_counter() - began)
            self.items += len(results)
            self.failed += sum("error" in result for result in results)
            written = _encode_lines(results)
            self._sent.update(written)
            yield written

    def failure(self, error: Exception) -> Answer:
        """The answer for ``error``."""
        return self._failure(error, self._context.request_id)

    async def close(self, error: BaseException | None = None) -> None:
        """Audit the end; a second call does nothing. Raises as ``Broker.finish``; if cancelled, it doesn't wait."""
        pending, self._pending = self._pending, None
        if pending is None:
            return
        self._count()  # A group may have ended in a fault.
        self._core.runtime.in_flight.pop(self._context.request_id, None)
        try:
            if error is None or isinstance(error, Exception):
                await self._unsealed.audit.finish(pending, self._outcome(error))
            else:
                self._unsealed.audit.abandon(pending, self._outcome(error))
        finally:
            await end_used_up(self._context.token)

    def _count(self) -> None:
        """Count what was done with keys since the last time, for the inventory."""
        call, match, uses = self._call, self._context.match, self._core.runtime.uses
        if call.crypto is not None and uses.active and match is not None:
            uses.count(match.mounted, self._context.tenant.namespace.id, call, call.crypto, self._counted)

    def _outcome(self, error: BaseException | None) -> AuditResponse:
        counted = {
            "items": self.items,
            "failed_items": self.failed,
            "request_sha256": self._received.hexdigest(),
            "response_sha256": self._sent.hexdigest(),
        }
        assert self._context.match is not None, "a stream has a mount"
        mount = self._context.match.mounted.entry.path
        crypto = crypto_members(self._call, mount, self._began_ns, failed=error is not None or self.failed > 0)
        if error is None:
            return AuditResponse(data=counted, crypto=crypto)
        response = refusal(error if isinstance(error, Fault) else Fault("internal error"))
        return replace(response, data={**(response.data or {}), **counted}, crypto=crypto)

    async def _check(self, group: list[Any]) -> None:
        """Raise a fault unless the stream is still authorized, with the items of ``group``."""
        core, context = self._core, self._context
        if core.unsealed is not self._unsealed:
            raise Sealed
        await core.runtime.cache.catch_up()
        if self._unsealed.namespaces.stale:
            await self._unsealed.load_namespaces()
        check_namespace(context.request, self._unsealed.namespaces)
        await self._unsealed.crypto_policies.load()
        if self._unsealed.audit.stale:
            await self._unsealed.audit.load()
        match, token, tenant = context.match, context.token, context.tenant
        assert match is not None and token is not None, "a stream has a mount and a token"
        if (await tenant.mounts.router()).mounts.get(match.mounted.entry.path) is not match.mounted:
            raise NotFound(f'no handler for route "{context.path}". route entry not found.')
        now = core.runtime.clock()
        if token.record.num_uses:
            if not await token.store.is_valid(token, now):
                raise Unauthenticated
        else:
            present = await token.store.authenticate(context.request.token, now)
            if present is None:
                raise Unauthenticated
            token = present
        acl = await token.store.rights(token)
        if not context.decide(token, acl, [item for item in group if type(item) is not dict]).allowed:
            raise Denied

    def _read(self, lines: bytes) -> list[Any]:
        """An item for each line that isn't blank, or the lines themselves if they must be parsed one by one."""
        try:
            items = self._decoder.decode_lines(lines)
        except _MALFORMED:
            pass
        else:
            if len(items) == lines.count(b"\n") + (not lines.endswith(b"\n")):
                return items
        # There is a mistake, or a blank line, or an object that isn't on a line of its own.
        return [line for line in lines.split(b"\n") if line.strip()]

    def _read_line(self, line: bytes) -> Any:
        """The item in a line, or the error result of a line without one. Raises ``InvalidRequest`` after too many."""
        try:
            item = self._decoder.decode(line)
            self._malformed = 0
            return item
        except _MALFORMED as error:
            self._malformed += 1
            if self._malformed > MAX_MALFORMED:
                raise InvalidRequest(f"more than {MAX_MALFORMED} lines in a row are malformed") from None
            reason = str(error) if isinstance(error, msgspec.MsgspecError) else "invalid JSON text"
            return {"error": f"malformed line: {reason}", "reference": _reference(line)}

    async def _answer(self, group: list[Any]) -> list[dict[str, Any]]:
        items = [item for item in group if type(item) is not dict]
        if not items:
            return group
        results = await self.each(items)
        assert len(results) == len(items), "every item has a result"
        if len(items) == len(group):
            return results
        rest = iter(results)
        return [item if type(item) is dict else next(rest) for item in group]

    def _adapt(self, seconds: float) -> None:
        """Adapt the group size: as large as possible without delaying other requests."""
        if seconds > _SLOW_SECONDS:
            self._group = max(1, self._group // 2)
        elif seconds < _FAST_SECONDS:
            self._group = min(MAX_GROUP, self._group * 2)


def _reference(line: bytes) -> str:
    """The reference in a line without a valid item, if it can be found."""
    if len(line) > _MAX_REFERRED_BYTES:
        return ""
    try:
        item = msgspec.json.decode(line)
    except _MALFORMED:
        return ""
    reference = item.get("reference") if isinstance(item, dict) else None
    return reference if isinstance(reference, str) else ""


@lru_cache(maxsize=256)
def _decoder(item: type[msgspec.Struct]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(item)
