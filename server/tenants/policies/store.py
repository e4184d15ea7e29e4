"""Policy store of one namespace: texts in storage, compiled ACLs in memory.

A policy is stored as written, under its name in lower case, with a version that counts its writes. An ACL is compiled
once for each set of callers' policy names, and dropped when any policy of the namespace changes or one of the set
expires. A missing or expired policy grants nothing.

Texts are parsed once until they change. The caches of parsed policies and ACLs are bounded by the length of their
texts, since each character takes up to thirty bytes of memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Protocol, TypeAlias, TypeVar
from urllib.parse import unquote

import msgspec

from compat.policies.parser import parse_policy
from compat.policies.rules import Policy
from engines.base import Clock
from engines.faults import InvalidRequest
from engines.worker_pools import beside
from server.tenants.policies.acl import Acl, compile_acl
from server.tenants.policies.builtin import (
    DEFAULT,
    DEFAULT_TEXT,
    FIXED,
    HIDDEN,
    RESPONSE_WRAPPING,
    RESPONSE_WRAPPING_TEXT,
    ROOT,
)
from server.tenants.policies.stored import (
    MAX_NAME_BYTES,
    PolicyRecord,
    StoredPolicy,
    check_version,
    decode,
    has_expired,
    is_storable,
    key_of,
    plain_text,
)
from server.tenants.policies.templates import Fill
from server.tenants.policies.weighted_cache import WeightedCache
from storage.base import Transaction, transact
from storage.view import View

T = TypeVar("T")
_Names: TypeAlias = tuple[str, ...]

MAX_TEXT_BYTES = 128 * 1024
"""The longest text of a policy, in bytes of UTF-8."""

MAX_RULES = 2_000
"""The most rules of a policy."""

MAX_TEXTS_TOGETHER = 512 * 1024
"""The longest texts of all policies of one caller together, in characters: a fifth of a second of parsing."""

MAX_RULES_TOGETHER = 10_000
"""The most rules of all policies of one caller together."""

_SHORT_TEXT_CHARACTERS = 16 * 1024

MAX_COMPILED = 1024
"""The most sets of names with a cached ACL."""

MAX_PERSONAL = 2048
"""The most callers with an identity that have a cached ACL."""

MAX_KEPT_CHARACTERS = 2 * MAX_TEXTS_TOGETHER
"""The longest texts of all cached ACLs together, in characters; the same for parsed policies."""


class PolicyHolder(Protocol):
    """A caller's identity, with its policies; a new object after any change of either."""

    policies: tuple[str, ...]
    """Its policies beside those of its token."""

    def value(self, name: str) -> str | None:
        """As a ``Fill``."""


class PolicyStore:
    """The policies below ``view``, whose storage is this namespace's and holds nothing else.

    ``with_root`` is False for namespaces other than the root namespace, where ``root`` is the name of a policy that
    can't be written.
    """

    def __init__(self, view: View, clock: Clock, *, with_root: bool = True) -> None:
        self._view = view
        self._clock = clock
        self._with_root = with_root
        self._generation = 0
        self._parsed: WeightedCache[StoredPolicy, Policy] = WeightedCache(MAX_COMPILED, MAX_KEPT_CHARACTERS)
        self._compiled: WeightedCache[_Names, Acl] = WeightedCache(MAX_COMPILED, MAX_KEPT_CHARACTERS)
        self._personal: WeightedCache[tuple[_Names, PolicyHolder], Acl] = WeightedCache(
            MAX_PERSONAL, MAX_KEPT_CHARACTERS
        )
        self._compiling: dict[object, asyncio.Lock] = {}
        view.watch(self._changed)

    async def ensure_defaults(self) -> None:
        """Write the ``default`` policy if it is missing, as on the first start or in a new namespace."""

        async def write_default(transaction: Transaction) -> None:
            if await transaction.get(key_of(DEFAULT)) is None:
                record = PolicyRecord(DEFAULT_TEXT, 1, self._clock())
                transaction.put(key_of(DEFAULT), msgspec.msgpack.encode(record))

        if await self._view.get(key_of(DEFAULT)) is None:
            await transact(self._view, write_default)

    async def get(self, name: str) -> StoredPolicy | None:
        """The policy ``name``, in any case of letters; None if there is none or it has expired."""
        name = name.lower()
        if name == ROOT:
            return StoredPolicy(ROOT, "", 0, None) if self._with_root else None
        if name == RESPONSE_WRAPPING:
            return StoredPolicy(name, RESPONSE_WRAPPING_TEXT, 1, None)
        if not is_storable(name):
            return None
        stored = await self._view.load(key_of(name), lambda value: decode(name, value))
        return None if stored is None or has_expired(stored, self._clock()) else stored

    async def shown(self, name: str) -> StoredPolicy | None:
        """As ``get``; but ``root`` is shown in every namespace, though it has no effect outside of the root."""
        return StoredPolicy(ROOT, "", 0, None) if name.lower() == ROOT else await self.get(name)

    async def missing(self, names: Iterable[str]) -> list[str]:
        """The ``names`` that aren't policies, in order; a token may still have them."""
        return [name for name in names if await self.get(name) is None]

    async def list(self, prefix: str = "", after: str = "", limit: int | None = None) -> list[str]:
        """The names that begin with ``prefix``: those without a slash first, ``root`` last, else in byte order.

        ``after`` and ``limit`` page through it: at most ``limit`` names (None: all) behind ``after``.
        """
        stored = [unquote(key) for key in await self._view.list("")]
        names = [name for name in stored if name not in HIDDEN and await self.get(name) is not None]
        names.sort(key=_position)
        if self._with_root:
            names.append(ROOT)
        found = [
            name for name in names if name.startswith(prefix) and (not after or _position(after) < _position(name))
        ]
        return found[:limit]

    async def put(
        self,
        name: str,
        text: str,
        *,
        cas: int | None = None,
        cas_required: bool = False,
        expiration: float | None = None,
        allow_slashes_in_identity_templates: bool = False,
        allow_wildcards_in_identity_templates: bool = False,
    ) -> None:
        """Write a policy, given in HCL or JSON, plain or in base64; it replaces an earlier one.

        ``cas`` is the required present version (0 or ``MUST_NOT_EXIST``: none), ``expiration`` the policy's end in
        seconds since the epoch. Raises ``InvalidRequest`` with Vault's words.
        """
        now = self._clock()
        draft = await self.draft(name, text)
        name, text = draft.name, draft.text
        if expiration is not None and expiration <= now:
            raise InvalidRequest("refusing to update policy as expiration time has already elapsed")

        async def store_policy(transaction: Transaction) -> None:
            value = await transaction.get(key_of(name))
            present = None if value is None else decode(name, value)
            if present is not None and has_expired(present, now):
                present = None
            check_version(
                0 if present is None else present.version,
                cas,
                required=cas_required or (present is not None and present.cas_required),
            )
            record = PolicyRecord(
                text,
                1 if present is None else present.version + 1,
                now,
                cas_required,
                expiration,
                allow_slashes_in_identity_templates,
                allow_wildcards_in_identity_templates,
            )
            transaction.put(key_of(name), msgspec.msgpack.encode(record))

        await transact(self._view, store_policy)

    async def draft(self, name: str, text: str) -> StoredPolicy:
        """The policy that ``put`` would store. Raises ``InvalidRequest`` with Vault's words."""
        name = name.lower()
        if name in FIXED:
            raise InvalidRequest(f'cannot update "{name}" policy')
        if not is_storable(name):
            raise InvalidRequest(
                f"a policy's name is at most {MAX_NAME_BYTES} bytes long and has no control characters"
            )
        text = plain_text(text)
        if not text:
            raise InvalidRequest("'policy' parameter not supplied or empty")
        if len(text.encode()) > MAX_TEXT_BYTES:
            raise InvalidRequest(f"a policy is at most {MAX_TEXT_BYTES} bytes long")
        policy = await _beside(len(text), partial(parse_policy, text, name))
        if len(policy.rules) > MAX_RULES:
            raise InvalidRequest(f"a policy has at most {MAX_RULES} rules")
        return StoredPolicy(name, text, 0, None)

    async def delete(self, name: str) -> None:
        """Delete a policy; no error if there is none."""
        name = name.lower()
        if name == DEFAULT:
            raise InvalidRequest("cannot delete default policy")
        if name in FIXED:
            raise InvalidRequest(f'cannot delete "{name}" policy')
        if not is_storable(name):
            return
        async with self._view.transaction() as transaction:
            transaction.delete(key_of(name))

    async def acl(self, names: _Names, fill: Fill | None = None) -> Acl:
        """The ACL of the policies ``names`` together; valid until any policy changes or ``Acl.valid_until``.

        ``fill`` gives a caller's values for templated paths (see ``compile_acl``); without it they grant nothing.
        Raises ``Damaged`` if one of them can't be parsed, ``InvalidRequest`` if the caller's values don't fit, or if
        they are too long together.
        """
        acl = self._compiled.get(names)
        if acl is None or self._clock() >= acl.valid_until or (acl.templated and fill is not None):
            async with self._once(names if fill is None else None):
                acl = self._compiled.get(names)
                if acl is None or self._clock() >= acl.valid_until or (acl.templated and fill is not None):
                    acl = await self._compile(names, fill)
        return acl

    async def personal_acl(self, names: _Names, person: PolicyHolder) -> Acl:
        """As ``acl``, for the policies ``names`` and those of ``person`` together, with its values."""
        key = names, person
        acl = self._personal.get(key)
        if acl is None or self._clock() >= acl.valid_until:
            async with self._once(key):
                acl = self._personal.get(key)
                if acl is None or self._clock() >= acl.valid_until:
                    generation = self._generation
                    acl = await self.acl(tuple(sorted({*names, *person.policies})), person.value)
                    if generation == self._generation:
                        self._personal.put(key, acl, acl.characters)
        return acl

    @asynccontextmanager
    async def _once(self, key: object) -> AsyncIterator[None]:
        """Let one task at a time compute the cached value of ``key``; without a key, tasks don't wait."""
        if key is None:
            yield
            return
        lock = self._compiling.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                yield
        finally:
            if not lock.locked():
                self._compiling.pop(key, None)

    async def trial(self, names: Iterable[str], drafts: Mapping[str, StoredPolicy | None], fill: Fill | None) -> Acl:
        """As ``acl``, with ``drafts`` in place of the policies that are stored under their names (None: deleted)."""
        stored = [drafts[name] if name in drafts else await self.get(name) for name in dict.fromkeys(names)]
        return await self._compiled_of([each for each in stored if each is not None], fill)

    async def _compile(self, names: _Names, fill: Fill | None) -> Acl:
        generation = self._generation
        stored = [found for name in dict.fromkeys(names) if (found := await self.get(name)) is not None]
        acl = await self._compiled_of(stored, fill)
        if generation == self._generation and not (acl.templated and fill is not None):
            self._compiled.put(names, acl, acl.characters)
        return acl

    async def _compiled_of(self, stored: Sequence[StoredPolicy], fill: Fill | None) -> Acl:
        now = self._clock()
        characters = sum(len(each.text) for each in stored)
        if characters > MAX_TEXTS_TOGETHER:
            raise InvalidRequest(f"the policies of the caller have more than {MAX_TEXTS_TOGETHER} characters together")
        policies = [await self._parse(each) for each in stored]
        if sum(len(policy.rules) for policy in policies) > MAX_RULES_TOGETHER:
            raise InvalidRequest(f"the policies of the caller have more than {MAX_RULES_TOGETHER} rules together")
        acl = await _beside(characters, partial(compile_acl, policies, now, fill))
        acl.characters = characters
        acl.valid_until = min([acl.valid_until, *(each.expiration for each in stored if each.expiration is not None)])
        return acl

    async def _parse(self, stored: StoredPolicy) -> Policy:
        policy = self._parsed.get(stored)
        if policy is None:
            policy = Policy(ROOT) if stored.name == ROOT else await _beside(len(stored.text), stored.parse)
            self._parsed.put(stored, policy, len(stored.text))
        return policy

    def _changed(self) -> None:
        self._generation += 1
        self._compiled.clear()
        self._personal.clear()


def _position(name: str) -> tuple[bool, int, str]:
    """The sort key of a name in lists."""
    return name == ROOT, name.count("/"), name


async def _beside(characters: int, work: Callable[[], T]) -> T:
    """The result of ``work`` on a text; computed in a thread if the text is long."""
    return work() if characters <= _SHORT_TEXT_CHARACTERS else await beside(work)
