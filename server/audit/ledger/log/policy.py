"""Policies (c2sp.org/tlog-policy): the accepted keys of logs and witnesses, and the quorum of witnesses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from server.audit.ledger.log.keys import BadSignature, SignatureType, VerifierKey, parse_verifier_key
from server.audit.ledger.log.notes import BadNote, Note, NoteSignature, decode_decimal

MAX_POLICY_BYTES = 1024 * 1024
MAX_LINES = 1024
"""The most keys of each kind; the specification requires at least 32."""

NONE = "none"
LOG_TYPES = frozenset({SignatureType.ED25519, SignatureType.ML_DSA_44_COSIGNATURE})
_WITNESS_TYPES = frozenset({SignatureType.ED25519_COSIGNATURE, SignatureType.ML_DSA_44_COSIGNATURE})


@dataclass(frozen=True, slots=True)
class Log:
    """A log that is believed: one of its keys."""

    key: VerifierKey
    url: str = ""


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness by the name that it has in the policy."""

    name: str
    key: VerifierKey
    url: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """So many of these witnesses and groups."""

    threshold: int
    members: tuple[str, ...]


@dataclass(slots=True)
class Policy:
    """A policy that was read. Its names stand for octets: those that are no UTF-8 are escaped as surrogates."""

    logs: list[Log] = field(default_factory=list)
    witnesses: dict[str, Witness] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    quorum: str = ""

    def is_met(self, witnesses: set[str]) -> bool:
        """Whether the quorum is there when ``witnesses``, by their names in the policy, have signed."""
        met = {NONE, *witnesses}
        # Groups name only what stands above them.
        for name, group in self.groups.items():
            if sum(member in met for member in group.members) >= group.threshold:
                met.add(name)
        return self.quorum in met

    def log_key(self, name: str, key_id: bytes) -> VerifierKey | None:
        """The log's key that signs like this, if there is one."""
        return next((log.key for log in self.logs if log.key.name == name and log.key.key_id == key_id), None)

    def witness(self, name: str, key_id: bytes) -> Witness | None:
        """The witness that signs like this, if there is one."""
        known = self.witnesses.values()
        return next((one for one in known if one.key.name == name and one.key.key_id == key_id), None)


@dataclass(frozen=True, slots=True)
class CheckedSignature:
    """The result for one signature line of a note."""

    name: str
    key_id: bytes
    key: VerifierKey | None
    """None for a key that the policy doesn't know: such lines mean nothing."""

    is_log: bool = False
    witness: str | None = None
    """The name that the policy gives to the witness whose key it is."""

    valid: bool = False
    time: int | None = None
    """The time of a cosignature, in seconds since the epoch."""


def check_signatures(note: Note, policy: Policy) -> list[CheckedSignature]:
    """Check each signature of ``note`` whose key the policy has. Raises nothing: a bad one is in the result."""
    found = []
    for line in note.signatures:
        log = policy.log_key(line.name, line.key_id)
        witness = policy.witness(line.name, line.key_id)
        if log is not None:
            found.append(_check(note.text, line, log, is_log=True))
        if witness is not None:
            found.append(_check(note.text, line, witness.key, witness=witness.name))
        if log is None and witness is None:
            found.append(CheckedSignature(line.name, line.key_id, None))
    return found


def _check(
    text: str, line: NoteSignature, key: VerifierKey, *, is_log: bool = False, witness: str | None = None
) -> CheckedSignature:
    try:
        time = key.verify(text, line.signature)
    except BadSignature:
        return CheckedSignature(line.name, line.key_id, key, is_log, witness)
    return CheckedSignature(line.name, line.key_id, key, is_log, witness, True, time)


def parse_policy(content: bytes) -> Policy:
    """Read a policy. Raises ``BadNote``, with the line.

    Beyond the specification, a file with logs alone and no ``quorum`` line asks for no witnesses.
    """
    if len(content) > MAX_POLICY_BYTES:
        raise BadNote(f"a policy has at most {MAX_POLICY_BYTES} bytes")
    if any((octet < 0x20 and octet not in b"\t\n") or octet == 0x7F for octet in content):
        raise BadNote("a policy has no control characters but tab and newline")
    policy = Policy()
    taken: set[str] = set()
    for number, line in enumerate(content.decode("utf-8", "surrogateescape").split("\n"), 1):
        words = line.replace("\t", " ").split(" ")
        words = [word for word in words if word]
        if not words or words[0].startswith("#"):
            continue
        try:
            _add(policy, words, taken)
        except BadNote as error:
            raise BadNote(f"line {number}: {error}") from None
    if not policy.quorum:
        if policy.witnesses or policy.groups or not policy.logs:
            raise BadNote("a policy has a quorum line")
        policy.quorum = NONE
    return policy


def _add(policy: Policy, words: list[str], taken: set[str]) -> None:
    keyword, *rest = words
    if keyword == "log" and len(rest) in (1, 2):
        key = _key(rest[0], LOG_TYPES, {log.key.public: log for log in policy.logs})
        policy.logs.append(Log(key, rest[1] if len(rest) > 1 else ""))
        _bound(len(policy.logs))
    elif keyword == "witness" and len(rest) in (2, 3):
        _unused(policy, rest[0])
        key = _key(rest[1], _WITNESS_TYPES, {known.key.public: known for known in policy.witnesses.values()})
        policy.witnesses[rest[0]] = Witness(rest[0], key, rest[2] if len(rest) > 2 else "")
        _bound(len(policy.witnesses))
    elif keyword == "group" and len(rest) >= 3:
        name, threshold, *members = rest
        _unused(policy, name)
        for member in members:
            if member not in policy.witnesses and member not in policy.groups:
                raise BadNote("a group has members that aren't defined above it")
            if member in taken:
                raise BadNote("a name is a member of one group at most, and once")
            taken.add(member)
        policy.groups[name] = Group(_threshold(threshold, len(members)), tuple(members))
        _bound(len(policy.groups))
    elif keyword == "quorum" and len(rest) == 1:
        if policy.quorum:
            raise BadNote("a policy has one quorum line")
        if rest[0] != NONE and rest[0] not in policy.witnesses and rest[0] not in policy.groups:
            raise BadNote("the quorum isn't defined above it")
        policy.quorum = rest[0]
    else:
        raise BadNote("expected log VKEY, witness NAME VKEY, group NAME all|any|N MEMBER... or quorum NAME")


def parse_log_key(text: str) -> VerifierKey:
    """Read a verifier key that may sign for a log. Raises ``BadNote``."""
    return _key(text, LOG_TYPES, {})


def _key(text: str, types: frozenset[SignatureType], known: Mapping[bytes, object]) -> VerifierKey:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadNote("a verifier key is UTF-8") from None
    key = parse_verifier_key(text)
    if key.type not in types:
        raise BadNote(f"a key for {key.type.title} isn't for this")
    if key.public in known:
        raise BadNote("a key stands twice")
    return key


def _unused(policy: Policy, name: str) -> None:
    if name == NONE or name in policy.witnesses or name in policy.groups:
        raise BadNote("a name is defined twice, or is none")


def _threshold(text: str, members: int) -> int:
    if text in ("all", "any"):
        return members if text == "all" else 1
    threshold = decode_decimal(text, members)
    if threshold < 1:
        raise BadNote("a group takes one member at least")
    return threshold


def _bound(count: int) -> None:
    if count > MAX_LINES:
        raise BadNote(f"a policy has at most {MAX_LINES} lines of a kind")
