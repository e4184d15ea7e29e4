"""Replay: drafts evaluated for recorded uses of keys, line by line of an audit file.

A line tells the algorithm, the version, the hash, the scheme, the variant and the data class of each use, and what
follows from the algorithm. What it doesn't tell (labels, owner, age, groups of the caller ...) is left out of the
evaluation; a rule that comes to no Boolean for want of it makes the use one that *lacks* facts, which is never counted
as passed. Rules apply as they would have at the time of the record. Exceptions don't count.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import Struct

from engines.algorithms.registry import ALGORITHMS
from engines.crypto_policy.facts import KeyFacts, RequestFacts
from engines.crypto_policy.gate import KeyUse
from engines.crypto_policy.operations import CryptoOperation
from engines.durations import SECOND
from engines.encoding import parse_rfc3339
from engines.faults import InvalidRequest
from engines.keys.facts import facts_of_type
from server.tenants.crypto_policies.answers import Question, answer
from server.tenants.crypto_policies.documents import REWRAP, Mode, matches_any
from server.tenants.crypto_policies.rules import AnyRule, CompiledPolicy, CompiledProfile, CompiledRule
from server.tenants.crypto_policies.variables import CallerFacts, day_of

MAX_IDS = 10
"""The most request ids returned for each rule."""

MAX_COUNTED = 10_000
"""For how many keys, and for how many callers, denials are counted apart."""

_MAX_KEPT = 50_000
_UNTOLD = frozenset(
    f"key.{name}"
    for name in (
        "derived",
        "convergent",
        "exportable",
        "imported",
        "is_latest",
        "created",
        "age_days",
        "labels",
        "owner",
        "shelf_life_years",
    )
) | {"caller.groups", "caller.metadata", "caller.auth_type"}
"""The variables that no record tells."""

_FLAGS = {
    "pure": "pure",
    "prehashed": "prehashed",
    "hash-message": "hash_message",
    "external-mu": "external_mu",
    "associated-data": "has_associated_data",
}
"""The words of a recorded variant, with the facts that they stand for."""

_ENGINES = frozenset({"transit", "pqc", "signing"})


class _Recorded(Struct):
    """The request in a record."""

    operation: str = ""
    key: str = ""
    mount: str = ""
    uses: list[KeyUse] = []


class _Namespace(Struct, frozen=True):
    path: str = ""


class _Request(Struct, frozen=True):
    id: str = ""
    namespace: _Namespace = _Namespace()
    mount_type: str = ""
    mount_point: str = ""
    path: str = ""
    operation: str = ""
    remote_address: str = ""


class _Auth(Struct, frozen=True):
    entity_id: str = ""
    display_name: str = ""


class _Line(Struct):
    """A line of the audit, without its facts."""

    time: str = ""
    request: _Request = _Request()


class _Entry(_Line):
    """A line of the audit."""

    crypto: _Recorded | None = None
    auth: _Auth = _Auth()


_ENTRY = msgspec.json.Decoder(_Entry)
_LINE = msgspec.json.Decoder(_Line)


@dataclass(slots=True)
class Denials:
    """The number of times that a rule would have refused."""

    denied: int = 0
    first: str = ""
    last: str = ""
    request_ids: list[str] = field(default_factory=list)

    def add(self, count: int, time: str, request_id: str) -> None:
        """Count the uses of one request."""
        self.denied += count
        self.first = self.first or time
        self.last = time
        if len(self.request_ids) < MAX_IDS and request_id not in self.request_ids:
            self.request_ids.append(request_id)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The verdict of drafts on a use: the rules that refuse, and whether one is undecided for lack of facts."""

    refusing: tuple[str, ...]
    lacking: bool


class Replay:
    """Counts what ``drafts`` would have said of the records of the namespace at ``namespace`` and below."""

    def __init__(self, drafts: Sequence[CompiledPolicy], namespace: str, start: float, end: float) -> None:
        """``start`` and ``end``: from when, and until when, in seconds since the epoch."""
        self._drafts = drafts
        self._namespace = namespace
        self._start = start
        self._end = end
        self._changes = sorted(time for draft in drafts for rule in draft.rules for time in (rule.starts, rule.ends))
        self._kept: dict[tuple[Any, ...], _Outcome] = {}
        self.operations = 0
        self.lacking = 0
        self.denied = 0
        self.rules: dict[str, Denials] = {}
        self.keys: dict[tuple[str, str, str], int] = {}
        self.callers: dict[tuple[str, str], int] = {}
        self.complete_to = ""
        """The time of the last line that was read."""

    def take(self, lines: Iterable[bytes]) -> None:
        """Count the uses in ``lines`` of an audit file; lines other than those of responses are passed over."""
        for line in lines:
            if b'"type":"response"' not in line:
                continue
            text = line[line.find(b"{") :]
            try:
                self._entry(_ENTRY.decode(text))
            except msgspec.MsgspecError:
                self._unreadable(text)

    def _unreadable(self, text: bytes) -> None:
        """Count a line whose facts can't be read, if it is a line of the audit at all."""
        try:
            line = _LINE.decode(text)
        except msgspec.MsgspecError:
            return
        self.lacking += self._concerns(line, _seconds(line))

    def _concerns(self, line: _Line, at: float) -> bool:
        """Whether a line is of the time and of the namespaces that are asked about."""
        return self._start <= at < self._end and line.request.namespace.path.startswith(self._namespace)

    def _entry(self, entry: _Entry) -> None:
        self.complete_to = entry.time
        recorded, at = entry.crypto, _seconds(entry)
        if not self._concerns(entry, at):
            return
        if recorded is None:
            # It is from before the facts were recorded, or of no use of a key.
            self.lacking += _is_use(entry.request)
            return
        processed = _decrypting(recorded.uses) if recorded.operation == REWRAP else 0
        for index, use in enumerate(recorded.uses):
            operation = _operation(recorded.operation, encrypting=index >= processed)
            if operation is not None and use.count:
                self.operations += use.count
                self._use(entry, recorded, operation, use, at)

    def _use(self, entry: _Entry, recorded: _Recorded, operation: CryptoOperation, use: KeyUse, at: float) -> None:
        request, caller = entry.request, (entry.auth.entity_id, entry.auth.display_name)
        input_bytes = use.input_bytes if use.count == 1 else -1
        kinds = use.algorithm, use.key_version, use.hash, use.scheme, use.variant, use.data_class
        place = operation, request.namespace.path, recorded.mount, recorded.key
        key = (*kinds, *place, request.remote_address, caller[0], input_bytes, self._moment(at))
        outcome = self._kept.get(key)
        if outcome is None:
            if len(self._kept) >= _MAX_KEPT:
                self._kept.clear()
            outcome = self._kept[key] = self._judge(use, place, request.remote_address, caller[0], input_bytes, at)
        if outcome.refusing:
            self._deny(outcome, use.count, entry.time, request.id, place, caller)
        elif outcome.lacking:
            self.lacking += use.count

    def _moment(self, at: float) -> tuple[int, int]:
        """The relevant part of a time: the day, and the rules that have begun or ended."""
        return day_of(at), bisect_right(self._changes, at)

    def _deny(
        self,
        outcome: _Outcome,
        count: int,
        time: str,
        request_id: str,
        place: tuple[CryptoOperation, str, str, str],
        caller: tuple[str, str],
    ) -> None:
        self.denied += count
        for rule in outcome.refusing:
            self.rules.setdefault(rule, Denials()).add(count, time, request_id)
        _count(self.keys, place[1:], count)
        _count(self.callers, caller, count)

    def _judge(
        self,
        use: KeyUse,
        place: tuple[CryptoOperation, str, str, str],
        address: str,
        entity_id: str,
        input_bytes: int,
        at: float,
    ) -> _Outcome:
        operation, namespace, mount, name = place
        untold = set(_UNTOLD)
        key = None
        if operation is not CryptoOperation.HASH:
            key = _key(use, operation, namespace, mount, name)
            if key is None:
                return _Outcome((), lacking=True)
            if ALGORITHMS[key.algorithm].sizes.key_bytes_chosen is not None:
                untold.add("key.bits")
        if input_bytes < 0:
            untold.add("request.input_bytes")
        flags = {fact: word in use.variant.split(",") for word, fact in _FLAGS.items()}
        request = RequestFacts(hash=use.hash, scheme=use.scheme, input_bytes=max(0, input_bytes), **flags)
        question = Question(operation, key, request, CallerFacts(entity_id=entity_id), address, at)
        return _asked(self._rules(place, key, at), question, untold)

    def _rules(
        self, place: tuple[CryptoOperation, str, str, str], key: KeyFacts | None, at: float
    ) -> list[tuple[CompiledPolicy, AnyRule]]:
        operation, namespace, mount, name = place
        found: list[tuple[CompiledPolicy, AnyRule]] = []
        for draft in self._drafts:
            keys = draft.scope.keys
            if not draft.covers(namespace, mount) or (keys and (key is None or not matches_any(keys, name))):
                continue
            found += [
                (draft, rule) for rule in draft.rules if operation in rule.operations and rule.starts <= at < rule.ends
            ]
            if draft.profile is not None:
                found.append((draft, draft.profile))
        return found


def _asked(rules: list[tuple[CompiledPolicy, AnyRule]], question: Question, untold: set[str]) -> _Outcome:
    refusing: list[str] = []
    lacking = False
    for draft, rule in rules:
        if isinstance(rule, CompiledProfile):
            found = answer(rule, question)
            if found is not None and not found.held and found.mode is Mode.ENFORCE:
                refusing.append(f"{draft.source.policy}/{found.rule}")
        elif rule.mode is Mode.ENFORCE and not (rule.uses_key and question.key is None):
            held = _held(rule, question, untold)
            lacking = lacking or held is None
            if held is False:
                refusing.append(f"{draft.source.policy}/{rule.name}")
    return _Outcome(tuple(refusing), lacking)


def _held(rule: CompiledRule, question: Question, untold: set[str]) -> bool | None:
    """Whether a rule holds or doesn't apply; None if that rests on what no record tells."""
    for expression, decided in ((rule.when, False), (rule.require, True)):
        if expression is None:
            continue
        known = {name: question.values[name] for name in expression.names if name not in untold}
        outcome = expression.evaluate_known(known)
        if outcome.error:
            return None if untold.intersection(expression.names) else False
        if decided or not outcome.held:
            return outcome.held if decided else True
    return True


def _key(use: KeyUse, operation: CryptoOperation, namespace: str, mount: str, name: str) -> KeyFacts | None:
    row = ALGORITHMS.get(use.algorithm)
    algorithm = row.name if row is not None else "hmac" if use.algorithm.startswith("hmac") else ""
    given = {"namespace": namespace, "mount": mount, "name": name, "version": use.key_version}
    try:
        return facts_of_type(algorithm, operation, {**given, "data_class": use.data_class})
    except InvalidRequest:
        return None


def _seconds(line: _Line) -> float:
    return (parse_rfc3339(line.time) or 0) / SECOND


def _operation(name: str, *, encrypting: bool = True) -> CryptoOperation | None:
    if name == REWRAP:
        return CryptoOperation.ENCRYPT if encrypting else CryptoOperation.DECRYPT
    try:
        return CryptoOperation(name)
    except ValueError:
        return None


def _decrypting(uses: Sequence[KeyUse]) -> int:
    """How many of the ``uses`` of rewrapping decrypt: they come first, and what they open is encrypted again."""
    for number in range(len(uses) - 1, 0, -1):
        opened = sum(use.count - use.failed for use in uses[:number])
        if opened == sum(use.count for use in uses[number:]):
            return number
    return 1


def _is_use(request: _Request) -> bool:
    """Whether a request is one that uses a key."""
    below = request.path.removeprefix(request.mount_point).split("/")[0]
    return (
        request.mount_type in _ENGINES
        and request.operation in ("create", "update")
        and (below == REWRAP or _operation(below) is not None)
    )


def _count(counts: dict[Any, int], key: Any, count: int) -> None:
    if key in counts or len(counts) < MAX_COUNTED:
        counts[key] = counts.get(key, 0) + count
