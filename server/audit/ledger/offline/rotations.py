"""Rotations: the way from the keys of a policy to those that a log has now, for who has kept an old policy.

A ``rotated`` entry names new keys. They are believed as far as the old ones are if these have signed a tree of the log
that has the entry: with a key of each type that the policy has, and before their overlap was over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from server.audit.ledger.log.checkpoints import Checkpoint, parse_checkpoint
from server.audit.ledger.log.keys import VerifierKey, parse_verifier_key
from server.audit.ledger.log.notes import BadNote, Note
from server.audit.ledger.log.policy import Log, Policy, check_signatures
from server.audit.ledger.offline.findings import Report
from server.audit.ledger.offline.signatures import retired_keys, trusted_keys

MAX_ROTATIONS = 1000
"""The most rotations that are followed."""

Extends = Callable[[Checkpoint], bool]
"""Whether the log extends the tree of a checkpoint, and is of its origin."""


def followed(
    policy: Policy,
    origin: str,
    events: Sequence[tuple[int, dict[str, Any]]],
    checkpoints: Iterable[bytes],
    extends: Extends,
    report: Report,
) -> Policy:
    """The policy with the keys to which ``rotated`` entries lead from its own; the report says by which.

    ``checkpoints`` are those that may be of the log, of any size. Nothing in them is believed without a signature.
    """
    rotations = [(index, event) for index, event in events if event.get("event") == "rotated"][:MAX_ROTATIONS]
    known = trusted_keys(policy, origin)
    if not known or not any(_unknown(event, origin, known) for _, event in rotations):
        return policy
    candidates = sorted(_parsed(checkpoints), key=lambda pair: pair[0].size)
    for index, event in rotations:
        new = _unknown(event, origin, known)
        if new and any(_vouches(pair, known, index, event, extends) for pair in candidates if pair[0].size > index):
            known += new
            report.follow(index, [str(key) for key in new])
    added = [key for key in known if key not in trusted_keys(policy, origin)]
    return replace(policy, logs=[*policy.logs, *(Log(key) for key in added)])


def _parsed(checkpoints: Iterable[bytes]) -> list[tuple[Checkpoint, Note]]:
    found = []
    for content in checkpoints:
        try:
            found.append(parse_checkpoint(content))
        except BadNote:
            continue
    return found


def _unknown(event: dict[str, Any], origin: str, known: Sequence[VerifierKey]) -> list[VerifierKey]:
    """The new keys of an entry that aren't known, if it names one that is as old."""
    old, new = event.get("old"), event.get("new")
    if not isinstance(old, list) or not isinstance(new, list) or not any(str(key) in old for key in known):
        return []
    found = []
    for text in new:
        try:
            key = parse_verifier_key(text) if isinstance(text, str) else None
        except BadNote:
            continue
        if key is not None and key.name == origin and key not in known:
            found.append(key)
    return found


def _vouches(
    pair: tuple[Checkpoint, Note],
    known: Sequence[VerifierKey],
    index: int,
    event: dict[str, Any],
    extends: Extends,
) -> bool:
    """Whether the keys that the entry ends have signed this checkpoint in their time, and it is of the log."""
    checkpoint, note = pair
    until = {one.key: one.until for one in retired_keys([(index, event)])}
    ended = [key for key in known if str(key) in until]
    checked = check_signatures(note, Policy(logs=[Log(key) for key in ended]))
    signed = [one for one in checked if one.valid and one.key is not None]
    late = checkpoint.size > index + 1 and any(
        one.time is not None and one.time * 1_000_000_000 > until[str(one.key)] for one in signed
    )
    types = {key.type for key in ended}
    return types == {one.key.type for one in signed if one.key is not None} and not late and extends(checkpoint)
