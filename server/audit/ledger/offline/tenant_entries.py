"""Expected logs of tenants, derived in one pass over the server's log.

For each tenant it has the peaks of a tree, a few hashes; so memory grows with tenants, not with entries.
"""

from __future__ import annotations

import base64
from collections import Counter, deque
from collections.abc import Mapping
from typing import Any

import orjson

from server.audit.ledger.log.hashes import EMPTY_ROOT, leaf_hash, node_hash
from server.audit.ledger.offline.sources import BadFile, Listing, Unreadable
from server.audit.ledger.tenants.projection import is_own, project, tenant_of

_MAX_RECENT = 100_000
"""Entries of tenants behind the newest head whose places are remembered; of those before only how many they are."""

_MAX_HEADS = 100_000
_MAX_KEYS = 64


class Peaks:
    """A tree of which only the roots of its complete subtrees are kept."""

    __slots__ = ("_hashes", "size")

    def __init__(self) -> None:
        self.size = 0
        self._hashes: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add the hash of an entry."""
        self.size += 1
        size = self.size
        while size % 2 == 0:
            leaf = node_hash(self._hashes.pop(), leaf)
            size //= 2
        self._hashes.append(leaf)

    def root(self) -> bytes:
        """The root of the tree."""
        if not self._hashes:
            return EMPTY_ROOT
        root = self._hashes[-1]
        for peak in self._hashes[-2::-1]:
            root = node_hash(peak, root)
        return root


class TenantEntries:
    """The tenants' logs as the server's entries have them. ``sizes`` says at which size each one's root is wanted."""

    def __init__(self, source: Listing, sizes: Mapping[str, int]) -> None:
        self.whole = True
        """Whether all entries from the first one on were seen, and are those that were signed."""

        self.trees: dict[str, Peaks] = {}
        self.roots: dict[str, bytes] = {}
        """The roots at the sizes that were asked for, as far as there are such."""

        self.complete: Counter[str] = Counter()
        """The number of entries that each log had when the newest head was written, at least."""

        self.keys: dict[str, list[str]] = {}
        """The verifier keys that entries name for each log."""

        self.heads: dict[bytes, int] = {}
        """The entries with heads, the newest ones, by the roots of their trees."""

        self.all_heads = True
        self._source = source
        self._sizes = sizes
        self._next = 0
        self._recent: deque[tuple[int, str]] = deque()
        self._before: Counter[str] = Counter()
        self._before_end = 0

    def visit(self, first: int, entries: list[bytes], authentic: bool) -> None:
        """Look at ``entries``, of which ``first`` is the index of the first."""
        self.whole = self.whole and authentic and first == self._next
        self._next = first + len(entries)
        if not authentic:
            return
        for index, entry in enumerate(entries, first):
            name = tenant_of(entry)
            if name is not None:
                self._take(index, name, entry)
            elif is_own(entry) and b'"event":"head"' in entry:
                self._head(index, _members(entry))

    def _take(self, index: int, name: str, entry: bytes) -> None:
        if is_own(entry):
            self._learn_keys(name, _members(entry))
        if not self.whole:
            return
        tree = self.trees.setdefault(name, Peaks())
        tree.append(leaf_hash(project(entry, name, tree.size, self._body).entry))
        if self._sizes.get(name) == tree.size:
            self.roots[name] = tree.root()
        if len(self._recent) >= _MAX_RECENT:
            self._before_end, before = self._recent.popleft()
            self._before[before] += 1
        self._recent.append((index, name))

    def _learn_keys(self, name: str, members: dict[str, Any]) -> None:
        for text in (members.get("verifier_keys"), members.get("old"), members.get("new")):
            known = self.keys.setdefault(name, [])
            if isinstance(text, list) and len(known) < _MAX_KEYS:
                known += [key for key in text if isinstance(key, str) and key not in known]

    def _head(self, index: int, members: dict[str, Any]) -> None:
        """Take the root of heads in an entry: then all logs had the entries below the one that it names."""
        below, tree = members.get("below"), members.get("tree")
        if not isinstance(below, int) or not isinstance(tree, dict) or not isinstance(tree.get("root"), str):
            return
        try:
            self.heads[base64.b64decode(tree["root"], validate=True)] = index
        except ValueError:
            return
        if len(self.heads) > _MAX_HEADS:
            self.all_heads = False
            del self.heads[next(iter(self.heads))]
        if below > self._before_end:
            self.complete.update(self._before)
            self._before.clear()
        while self._recent and self._recent[0][0] < below:
            self.complete[self._recent.popleft()[1]] += 1

    def _body(self, path: str, limit: int) -> bytes | None:
        try:
            return self._source.read(path, limit)
        except (BadFile, Unreadable):
            return None


def _members(entry: bytes) -> dict[str, Any]:
    try:
        members = orjson.loads(entry)
    except orjson.JSONDecodeError:
        return {}
    return members if isinstance(members, dict) else {}
