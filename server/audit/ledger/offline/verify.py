"""Verifies a log by its directory: signatures, every tile, every entry, the journal, kept checkpoints and tenants.

1. The checkpoint is read and its signatures are checked against the policy.
2. Tiles and entries are checked against its root; in the same pass the entries' own numbers and times, the large bodies
   and the journal.
3. What entries say of keys and pruning is applied.
4. Checkpoints that were kept, elsewhere or in the directory, are compared with the tree.
5. Tenants' logs are verified alike, and compared with the heads that the server's log has of them.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path

from server.audit.ledger.device.directory import KEPT
from server.audit.ledger.log.checkpoints import Checkpoint, parse_checkpoint
from server.audit.ledger.log.notes import MAX_NOTE_BYTES, BadNote
from server.audit.ledger.log.policy import MAX_POLICY_BYTES, NONE, Policy, check_signatures, parse_policy
from server.audit.ledger.log.tiles import WIDTH, BadTile
from server.audit.ledger.log.tree import MissingTile, TreeReader
from server.audit.ledger.offline.entries import EntryCheck
from server.audit.ledger.offline.findings import Kind, Report
from server.audit.ledger.offline.journal import JournalCheck
from server.audit.ledger.offline.merkle import TreeCheck, Visit
from server.audit.ledger.offline.partials import check_partials
from server.audit.ledger.offline.rotations import Events, extension_of, followed, kept_names, own_checkpoints
from server.audit.ledger.offline.signatures import SignatureCheck, judged, trusted_keys
from server.audit.ledger.offline.sources import BadFile, DirectorySource, Listing, Unreadable, listed
from server.audit.ledger.offline.tenant_entries import TenantEntries
from server.audit.ledger.offline.tenants import is_of_tenant, tenant_sizes, verify_tenants

_ALWAYS_OPEN = (
    "entries that were never written, by a server that was changed",
    "entries behind the checkpoint, which nothing has signed yet",
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A checkpoint that was kept outside the log's directory."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """The inputs of a verification."""

    policy: Policy | None = None
    """None to take the directory's own word for its keys."""

    kept: Sequence[Kept] = ()
    first: int = 0
    """The first entry that has to be there."""

    progress: Callable[[int, int], None] = field(default=lambda done, size: None)
    """Told how many entries of how many are done, with each bundle."""


def verify_directory(path: Path, request: Request) -> Report:
    """Verify the log in a directory, and those of its tenants. Raises nothing for what it finds there."""
    report = Report()
    try:
        source = DirectorySource(path)
    except Unreadable as error:
        report.unreadable = str(error)
        return report
    try:
        sizes = tenant_sizes(source, report)
        tenants = TenantEntries(source, sizes)
        verify_log(source, request, report, tenants.visit)
        if report.size is not None and report.unreadable is None:
            verify_tenants(source, report, tenants, sizes, partial(_verify_tenant, request))
        if report.origin is not None and is_of_tenant(report.origin):
            report.note("that the server's log has these entries and their heads: that takes the server's directory")
    except Unreadable as error:
        report.unreadable = str(error)
    finally:
        source.close()
    return report


def _verify_tenant(request: Request, source: Listing, report: Report, origin: str, named: Policy | None) -> None:
    """Verify a tenant's log, with the keys that the policy has for it, or else those that the server's log names."""
    given = request.policy is not None and trusted_keys(request.policy, origin)
    policy = request.policy if given or named is None else named
    verify_log(source, Request(policy, request.kept, 0, request.progress), report)


def verify_log(source: Listing, request: Request, report: Report, visit: Visit | None = None) -> None:
    """Verify one log; ``visit`` sees its entries. Raises ``Unreadable``."""
    content = _read(source, "checkpoint", MAX_NOTE_BYTES, report)
    if content is None:
        if not report.findings:
            report.unreadable = f"{source.name('checkpoint')} is missing"
        return
    try:
        checkpoint, note = parse_checkpoint(content)
    except BadNote as error:
        report.add(Kind.SIGNATURE, f"the checkpoint can't be read: {error}", file="checkpoint")
        return
    report.origin, report.size = checkpoint.origin, checkpoint.size
    report.root = base64.b64encode(checkpoint.root).decode()
    policy = _policy(source, request, report, checkpoint)
    if policy is None:
        return
    entries = _check_tree(source, request, report, checkpoint, visit)
    policy = _followed(source, request, report, checkpoint, policy, entries.events)
    check = SignatureCheck(checkpoint, note, policy, "checkpoint")
    check.judge(report, entries.events, entries.last_time)
    _compare_kept(source, request, report, checkpoint, policy, entries.events)
    _compare_own(source, report, checkpoint, policy, entries.events)
    for sentence in _ALWAYS_OPEN:
        report.note(sentence)


def _followed(
    source: Listing,
    request: Request,
    report: Report,
    checkpoint: Checkpoint,
    policy: Policy,
    events: Events,
) -> Policy:
    """The policy with the keys to which the log's own entries lead from those that it has."""
    contents = chain((kept.content for kept in request.kept), own_checkpoints(source))
    extends = extension_of(TreeReader(source.read, checkpoint.size), checkpoint)
    policy, rotations = followed(policy, checkpoint.origin, events, contents, extends)
    for one in rotations:
        report.follow(one.index, one.new)
    return policy


def _kept_names(source: Listing, report: Report) -> list[str]:
    """The sizes of the checkpoints that the log keeps itself."""
    return kept_names(listed(source, KEPT, Kind.SIGNATURE, report))


def _policy(source: Listing, request: Request, report: Report, checkpoint: Checkpoint) -> Policy | None:
    """The policy that was given, or else the directory's, which vouches for itself."""
    if request.policy is not None and (not report.prefix or trusted_keys(request.policy, checkpoint.origin)):
        return request.policy
    content = _read(source, "policy", MAX_POLICY_BYTES, report)
    if content is None:
        report.weaken("who signed this: there is no policy, and so no key to check signatures with")
        return Policy(quorum=NONE)
    try:
        policy = parse_policy(content)
    except BadNote as error:
        report.add(Kind.SIGNATURE, f"the directory's policy can't be read: {error}", file="policy")
        return None
    if request.policy is None:
        report.weaken("whose log this is: without --policy, the directory vouches for itself")
    return policy


def _check_tree(
    source: Listing, request: Request, report: Report, checkpoint: Checkpoint, also: Visit | None
) -> EntryCheck:
    """Check tiles, entries and journal in one pass. Raises ``Unreadable``."""
    first = min(request.first, checkpoint.size) // WIDTH * WIDTH
    entries = EntryCheck(source, report, first)
    journal = JournalCheck(source, report)

    def visit(index: int, bundle: list[bytes], authentic: bool) -> None:
        entries.visit(index, bundle, authentic)
        journal.visit(index, bundle)
        if also is not None:
            also(index, bundle, authentic)
        request.progress(index + len(bundle), checkpoint.size)

    tree = TreeCheck(source.read, checkpoint.size, checkpoint.root, first, report, visit)
    try:
        tree.run()
        journal.finish(checkpoint.size, entries.events)
    finally:
        journal.close()
    if tree.authentic:
        check_partials(source, checkpoint.size, report)
    if journal.pending:
        report.note(f"{journal.pending} entries of the journal, which aren't in the tree yet")
    if first:
        report.note(f"the entries before {first}, which weren't looked at")
    _judge_missing(tree, report, entries.events)
    return entries


def _judge_missing(tree: TreeCheck, report: Report, events: Events) -> None:
    """Report missing files: pruned if an entry says so, otherwise removed."""
    below = [event.get("below") for _, event in events if event.get("event") == "pruned"]
    pruned = max((number for number in below if isinstance(number, int)), default=0)
    for tile in tree.missing:
        if tile.end_leaf <= pruned:
            report.weaken(f"the entries before {pruned}, which were pruned: say so with --from {pruned}")
        else:
            tree.tell_missing(tile)


def _compare_kept(
    source: Listing, request: Request, report: Report, checkpoint: Checkpoint, policy: Policy, events: Events
) -> None:
    """Compare the tree with checkpoints that were kept elsewhere."""
    reader = TreeReader(source.read, checkpoint.size)
    for kept in request.kept:
        try:
            other, note = parse_checkpoint(kept.content)
        except BadNote as error:
            report.add(Kind.SIGNATURE, f"{kept.name} can't be read: {error}", file=None)
            continue
        if other.origin == checkpoint.origin:
            _compare(reader, report, checkpoint, other, kept.name, None)
            signatures = judged(other, check_signatures(note, policy), events, None)
            if any(status == "invalid" for _, status in signatures):
                report.add(Kind.SIGNATURE, f"a signature of {kept.name} isn't good")
            elif not any(one.is_log and status == "valid" for one, status in signatures):
                report.weaken(f"that {kept.name} is the log's: no key of the policy has signed it")


def _compare_own(
    source: Listing,
    report: Report,
    checkpoint: Checkpoint,
    policy: Policy,
    events: Events,
) -> None:
    """Compare the tree with the checkpoints that the log keeps itself."""
    reader = TreeReader(source.read, checkpoint.size)
    for name in _kept_names(source, report):
        other = _own(source, report, checkpoint, policy, name, events)
        if other is not None and not (other.size > checkpoint.size and _has_grown(source, other)):
            _compare(reader, report, checkpoint, other, f"checkpoints/{name}", f"checkpoints/{name}")


def _own(
    source: Listing,
    report: Report,
    checkpoint: Checkpoint,
    policy: Policy,
    name: str,
    events: Events,
) -> Checkpoint | None:
    """A checkpoint that the log keeps itself, its signatures checked."""
    path = f"checkpoints/{name}"
    content = _read(source, path, MAX_NOTE_BYTES, report)
    if content is None:
        return None
    try:
        other, note = parse_checkpoint(content)
    except BadNote as error:
        report.add(Kind.SIGNATURE, f"{path} can't be read: {error}", file=path)
        return None
    if (other.origin, str(other.size)) != (checkpoint.origin, name):
        report.add(Kind.SIGNATURE, f"{path} is the checkpoint of another tree", file=path)
        return None
    SignatureCheck(other, note, policy, path).judge_earlier(report, events)
    return other


def _has_grown(source: Listing, other: Checkpoint) -> bool:
    """Whether the log, of a server at work, has come to another checkpoint of its own since it was read."""
    try:
        content = source.read("checkpoint", MAX_NOTE_BYTES)
        return content is not None and parse_checkpoint(content)[0].size >= other.size
    except (BadFile, BadNote):
        return False


def _compare(
    reader: TreeReader, report: Report, checkpoint: Checkpoint, other: Checkpoint, name: str, file: str | None
) -> None:
    """Compare the tree with an earlier checkpoint of it."""
    if other.size > checkpoint.size:
        message = f"{name} is of {other.size} entries, and the log has {checkpoint.size}"
        report.add(Kind.ROLLED_BACK, message, index=checkpoint.size, file=file)
        return
    try:
        root = checkpoint.root if other.size == checkpoint.size else reader.root(other.size)
    except (MissingTile, BadTile, BadFile) as error:
        report.note(f"that the log extends {name}: {error}")
        return
    if root != other.root:
        message = f"{name} has another root at {other.size} entries than this log"
        report.add(Kind.FORKED, message, file=file)


def _read(source: Listing, path: str, limit: int, report: Report) -> bytes | None:
    """A small file, None with a finding if it is something else."""
    try:
        return source.read(path, limit)
    except BadFile as error:
        report.add(Kind.SIGNATURE, str(error), file=path)
        return None
