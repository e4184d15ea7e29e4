"""Rotations: the chain from the keys of an old policy to the present keys of a log.

A ``rotated`` entry names new keys. They are believed as far as the old ones are if these have signed a tree of the log
that has the entry: with a key of each type that the policy has, and before their overlap was over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import orjson

from engines.durations import SECOND
from server.audit.ledger.device.directory import KEPT
from server.audit.ledger.log.checkpoints import Checkpoint, parse_checkpoint
from server.audit.ledger.log.hashes import leaf_hash
from server.audit.ledger.log.keys import VerifierKey, parse_verifier_key
from server.audit.ledger.log.notes import MAX_NOTE_BYTES, BadNote, Note
from server.audit.ledger.log.policy import Log, Policy, check_signatures
from server.audit.ledger.log.proof_text import InclusionProof
from server.audit.ledger.log.proofs import BadProof
from server.audit.ledger.log.tiles import BadTile
from server.audit.ledger.log.tree import MissingTile, TreeReader
from server.audit.ledger.offline.signatures import retired_keys, trusted_keys
from server.audit.ledger.offline.sources import BadFile, Source

MAX_ROTATIONS = 1000
"""The most rotations that are followed."""

_MAX_KEPT = 10_000
"""The most checkpoints of a log's own that are read; a year has 8,760 hours."""

Events = Sequence[tuple[int, dict[str, Any]]]
"""Entries of the server's own, by their index."""

Signed = tuple[Checkpoint, Note]
Extends = Callable[[Checkpoint], bool]
"""Whether the log extends the tree of a checkpoint, and is of its origin."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """An entry that has led from keys that are believed to newer ones."""

    index: int
    new: list[str]


def rotated_event(entry: bytes) -> dict[str, Any] | None:
    """The members of a ``rotated`` entry about the log that it stands in; None for other entries."""
    if b"rotated" not in entry:
        return None
    with suppress(orjson.JSONDecodeError):
        event = orjson.loads(entry)
        if isinstance(event, dict) and (event.get("type"), event.get("event")) == ("ledger", "rotated"):
            return None if "namespace" in event else event
    return None


def kept_names(names: Iterable[str]) -> list[str]:
    """The sizes among the names in ``checkpoints/``, the smallest first."""
    return sorted((name for name in names if name.isascii() and name.isdigit() and len(name) < 20), key=int)


def newest_kept(source: Source) -> list[str]:
    """The sizes of the checkpoints that the log has kept itself, as far as they are read. Raises ``Unreadable``."""
    with suppress(BadFile):
        return kept_names(source.names(KEPT))[-_MAX_KEPT:]
    return []


def own_checkpoints(source: Source) -> Iterator[bytes]:
    """The contents of the log's checkpoint and of those that it has kept itself. Raises ``Unreadable``."""
    for name in ("checkpoint", *(f"{KEPT}/{name}" for name in newest_kept(source))):
        with suppress(BadFile):
            yield source.read(name, MAX_NOTE_BYTES) or b""


def extension_of(tree: TreeReader, newest: Checkpoint) -> Extends:
    """Whether the tree of the checkpoint ``newest`` extends that of another one."""

    def extends(other: Checkpoint) -> bool:
        if other.origin != newest.origin or other.size > newest.size:
            return False
        try:
            return other.root == (newest.root if other.size == newest.size else tree.root(other.size))
        except (MissingTile, BadTile, BadFile):
            return False

    return extends


def followed(
    policy: Policy, origin: str, events: Events, checkpoints: Iterable[bytes], extends: Extends
) -> tuple[Policy, list[Rotation]]:
    """The policy with the keys to which ``rotated`` entries lead from its own, and these entries.

    ``checkpoints`` are those that may be of the log, of any size. Nothing in them is believed without a signature.
    """
    rotations = [(index, event) for index, event in events if event.get("event") == "rotated"][:MAX_ROTATIONS]
    known = trusted_keys(policy, origin)
    if not known or not any(_unknown(event, origin, known) for _, event in rotations):
        return policy, []
    candidates = signed_trees(checkpoints)
    found = []
    for index, event in rotations:
        new = _unknown(event, origin, known)
        if new and any(_vouches(pair, known, index, event, extends) for pair in candidates):
            known += new
            found.append(Rotation(index, [str(key) for key in new]))
    return _extended(policy, origin, known), found


def followed_by_proofs(policy: Policy, origin: str, proofs: Iterable[InclusionProof]) -> tuple[Policy, Events]:
    """The policy, likewise, by proofs of ``rotated`` entries under the old keys' signatures; and these entries."""
    known = trusted_keys(policy, origin)
    events: list[tuple[int, dict[str, Any]]] = []
    for proof in sorted(proofs, key=lambda one: one.index):
        event = None if proof.extra is None else rotated_event(proof.extra)
        if event is None or proof.checkpoint.origin != origin or not _is_in_tree(proof):
            continue
        if _vouches((proof.checkpoint, proof.note), known, proof.index, event, lambda _: True):
            known += _unknown(event, origin, known)
            events.append((proof.index, event))
    return _extended(policy, origin, known), events


def vouching(
    events: Events, origin: str, candidates: Sequence[Signed], extends: Extends
) -> Iterator[tuple[int, Signed]]:
    """The index of each ``rotated`` entry with the first checkpoint that its old keys have signed with it."""
    for index, event in events[:MAX_ROTATIONS]:
        old = _keys(event.get("old"), origin)
        found = next((pair for pair in candidates if old and _vouches(pair, old, index, event, extends)), None)
        if found is not None:
            yield index, found


def signed_trees(checkpoints: Iterable[bytes]) -> list[Signed]:
    """The checkpoints that can be read, the smallest first."""
    found = []
    for content in checkpoints:
        with suppress(BadNote):
            found.append(parse_checkpoint(content))
    return sorted(found, key=lambda pair: pair[0].size)


def _extended(policy: Policy, origin: str, known: Sequence[VerifierKey]) -> Policy:
    before = trusted_keys(policy, origin)
    return replace(policy, logs=[*policy.logs, *(Log(key) for key in known if key not in before)])


def _is_in_tree(proof: InclusionProof) -> bool:
    try:
        proof.check(leaf_hash(proof.extra or b""))
    except BadProof:
        return False
    return True


def _unknown(event: dict[str, Any], origin: str, known: Sequence[VerifierKey]) -> list[VerifierKey]:
    """The new keys of an entry that aren't known, if it names one that is as old; of the types that are asked for."""
    old = event.get("old")
    if not isinstance(old, list) or not any(str(key) in old for key in known):
        return []
    types = {key.type for key in known}
    return [key for key in _keys(event.get("new"), origin) if key not in known and key.type in types]


def _keys(texts: object, origin: str) -> list[VerifierKey]:
    """The keys of ``origin`` in a member of an entry, which may be anything."""
    found = []
    for text in texts if isinstance(texts, list) else ():
        with suppress(BadNote):
            if isinstance(text, str) and (key := parse_verifier_key(text)).name == origin:
                found.append(key)
    return found


def _vouches(pair: Signed, known: Sequence[VerifierKey], index: int, event: dict[str, Any], extends: Extends) -> bool:
    """Whether the keys that the entry ends have signed this checkpoint in their time, and it is of the log."""
    checkpoint, note = pair
    if checkpoint.size <= index:
        return False
    until = {one.key: one.until for one in retired_keys([(index, event)])}
    ended = [key for key in known if str(key) in until]
    checked = check_signatures(note, Policy(logs=[Log(key) for key in ended]))
    signed = [one for one in checked if one.valid and one.key is not None]
    late = checkpoint.size > index + 1 and any(
        one.time is not None and one.time * SECOND > until[str(one.key)] for one in signed
    )
    # Not only of the keys that the entry ends: who can forge one type of signature would name that type alone.
    types = {key.type for key in known}
    signed_types = {one.key.type for one in signed if one.key is not None}
    return bool(types) and types == signed_types and not late and extends(checkpoint)
