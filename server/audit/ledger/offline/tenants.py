"""Tenants' logs below ``ns/``, compared with the server's log: with its entries, keys and heads of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from server.audit.ledger.log.checkpoints import Checkpoint, parse_checkpoint
from server.audit.ledger.log.notes import MAX_NOTE_BYTES, BadNote
from server.audit.ledger.log.policy import MAX_POLICY_BYTES, NONE, Policy, parse_policy
from server.audit.ledger.log.tiles import BadTile
from server.audit.ledger.log.tree import MissingTile, TreeReader
from server.audit.ledger.offline.findings import Kind, Report
from server.audit.ledger.offline.sources import BadFile, Below, DirectorySource, Listing, Unreadable, listed
from server.audit.ledger.offline.tenant_entries import TenantEntries
from server.audit.ledger.tenants.heads import HEAD, MAX_FILE_BYTES, decode_head
from server.audit.ledger.tenants.projection import TENANTS, is_tenant_id, tenant_folder, tenant_origin

_ORIGIN_OF_ONE = re.compile(rf".+/{TENANTS}/[A-Za-z0-9]{{1,64}}")

Verify = Callable[[Listing, Report, str, Policy | None], None]
"""Verifies one log of an origin, with the keys that the server's log names for it."""


@dataclass(frozen=True, slots=True)
class _Tenant:
    """One tenant's log, as it was found."""

    name: str
    files: Below
    report: Report

    def says(self, message: str, *, index: int | None = None, file: str = "checkpoint") -> None:
        """Make a finding of what differs from the server's log."""
        self.report.add(Kind.TENANT, f"{tenant_folder(self.name)} {message}", index=index, file=file)

    def root(self, size: int) -> bytes | None:
        """The root of its first entries, None if it can't be told."""
        assert self.report.size is not None
        try:
            return TreeReader(self.files.read, self.report.size).root(size)
        except (MissingTile, BadTile, BadFile):
            return None


def is_of_tenant(origin: str) -> bool:
    """Whether a log of this origin is a tenant's."""
    return _ORIGIN_OF_ONE.fullmatch(origin) is not None


def tenant_sizes(source: DirectorySource, report: Report) -> dict[str, int]:
    """The tenants that have a log, with the sizes that their checkpoints state, unverified; 0 for none."""
    sizes = {}
    for name in listed(source, TENANTS, Kind.TENANT, report):
        if is_tenant_id(name):
            checkpoint = _checkpoint(Below(source, tenant_folder(name)))
            sizes[name] = 0 if checkpoint is None else checkpoint.size
    return sizes


def verify_tenants(
    source: DirectorySource, report: Report, expected: TenantEntries, names: Mapping[str, int], verify: Verify
) -> None:
    """Verify the tenants' logs, and compare them with what the server's log has of them."""
    assert report.origin is not None
    server = _checkpoint(source)
    grown = server is not None and server.size != report.size
    for name, wanted in names.items():
        tenant = _Tenant(name, Below(source, tenant_folder(name)), Report(prefix=f"{tenant_folder(name)}/"))
        report.tenants.append(tenant.report)
        try:
            verify(tenant.files, tenant.report, tenant_origin(report.origin, name), _policy(expected, name))
        except Unreadable as error:
            tenant.report.unreadable = str(error)
        if tenant.report.size is not None:
            _compare(tenant, report, expected, wanted, grown=grown)
    for name, count in expected.complete.items():
        if name not in names:
            message = f"{tenant_folder(name)} is missing, of which the server's log has {count} entries"
            report.add(Kind.TENANT, message, file=tenant_folder(name))
    if names and not expected.whole:
        report.note("that the logs of namespaces have all entries: some of the server's log aren't there")


def _policy(expected: TenantEntries, name: str) -> Policy | None:
    """The keys that the server's log names for a tenant's; None if it names none."""
    keys = expected.keys.get(name)
    if not keys:
        return None
    try:
        return parse_policy("".join(f"log {key}\n" for key in keys).encode() + f"quorum {NONE}\n".encode())
    except BadNote:
        return None


def _compare(tenant: _Tenant, report: Report, expected: TenantEntries, wanted: int, *, grown: bool) -> None:
    """Compare a tenant's log with the server's; ``grown``: a server is at work, and may have added to both.

    ``wanted`` is the size at which the server's log was asked for the root; this one may have grown since.
    """
    own, name = tenant.report, tenant.name
    assert own.size is not None and report.origin is not None
    if own.origin != tenant_origin(report.origin, name):
        tenant.says("is a log of another origin")
        return
    _compare_policy(tenant, expected)
    _compare_head(tenant, expected, grown=grown)
    if not expected.whole:
        return
    tree = expected.trees.get(name)
    size = 0 if tree is None else tree.size
    if own.size < expected.complete[name]:
        tenant.says(f"has {own.size} entries, and the server's log says that it had {expected.complete[name]}")
    if own.size > size and not grown:
        tenant.says(f"has {own.size} entries, and the server's log has {size} of it")
    at, root = (wanted, expected.roots.get(name)) if own.size <= size else (size, tree and tree.root())
    if 0 < at <= own.size and root is not None and root != tenant.root(at):
        tenant.says("has other entries than the server's log has of it")


def _compare_policy(tenant: _Tenant, expected: TenantEntries) -> None:
    """Compare the keys in a tenant's ``policy`` with those that entries name."""
    keys = expected.keys.get(tenant.name)
    if not keys:
        tenant.report.note("whose log this is: no entry of the server's log that was looked at names its keys")
        return
    try:
        content = tenant.files.read("policy", MAX_POLICY_BYTES)
        policy = None if content is None else parse_policy(content)
    except (BadFile, BadNote):
        policy = None
    if policy is None or not {str(log.key) for log in policy.logs} <= set(keys):
        tenant.says("has a policy with other keys than the server's log names", file="policy")


def _compare_head(tenant: _Tenant, expected: TenantEntries, *, grown: bool) -> None:
    """Compare a tenant's log with its newest head in the server's log."""
    assert tenant.report.size is not None
    try:
        content = tenant.files.read(HEAD, MAX_FILE_BYTES)
    except BadFile:
        content = b""
    if content is None:
        if tenant.report.size:
            tenant.report.note("that the server's log has a head of this one")
        return
    head = decode_head(content)
    index = None if head is None else expected.heads.get(head.tree_root())
    if head is None or head.namespace != tenant.name:
        tenant.says("has a head that is none", file=HEAD)
    elif index is None:
        if expected.whole and expected.all_heads and not grown:
            tenant.says("has a head that the server's log doesn't have", file=HEAD)
        else:
            tenant.report.note("that the server's log has a head of this one")
    elif head.size > tenant.report.size:
        tenant.says(f"has {tenant.report.size} entries, and the server's log has its head of {head.size}", index=index)
    elif head.root != tenant.root(head.size):
        tenant.says(f"has another root at {head.size} entries than its head in the server's log", index=index)


def _checkpoint(files: Listing) -> Checkpoint | None:
    """The checkpoint as it is now, unverified."""
    try:
        return parse_checkpoint(files.read("checkpoint", MAX_NOTE_BYTES) or b"")[0]
    except (BadFile, BadNote):
        return None
