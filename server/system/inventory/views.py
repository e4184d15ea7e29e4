"""``inventory``: key versions of this namespace and those below, their number, and their readiness for a profile."""

from __future__ import annotations

import base64
import binascii
import time
from collections import Counter
from contextlib import aclosing
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from engines.base import Body, Call, Operation, Reply, Route, Row, Scope
from engines.crypto_policy.profiles.catalogue import all_profiles, find_profile
from engines.durations import SECOND
from engines.encoding import parse_rfc3339
from engines.faults import InvalidRequest
from engines.keys.states import State
from engines.keys.store import NAME
from server.inventory.describing import describe_row
from server.inventory.hiding import CHOICES, HMAC, HiddenNames, hidden_names
from server.inventory.readiness import Readiness
from server.inventory.rows import Row as KeyRow
from server.inventory.verdicts import Judging
from server.inventory.walking import Chosen, all_rows
from server.system.inventory.parts import own_cryptography
from server.system.state import System
from server.tenants.namespaces.names import normalise

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
MAX_SECONDS = 10.0
"""The longest search for rows that fit the filters, in seconds; the answer's ``next`` goes on from there."""

_LATEST = 253_402_300_799
"""The last second of the year 9999."""


NAMES_TELL = "`hmac` replaces names of keys, mounts, namespaces and owners by their HMACs."


class AtBody(Body):
    """The time that is asked about."""

    at: str = ""

    tells = {"at": "The time of the verdicts: a date, or a time in RFC 3339. Default: now."}


class ProfileAtBody(AtBody):
    """A profile, with a time."""

    profile: str = ""
    profile_parameters: str = ""

    tells = {
        "profile": "A profile of `sys/crypto-profiles`. A name without a date selects the newest edition.",
        "profile_parameters": "Parameters of the profile, as a JSON object.",
    }


class KeysBody(ProfileAtBody):
    """Filters of key versions, and the part to return."""

    namespace: str | UnsetType = UNSET
    mount: str = ""
    name: str = ""
    algorithm: str = ""
    state: str = ""
    data_class: str | UnsetType = UNSET
    owner: str | UnsetType = UNSET
    quantum_vulnerable: bool | UnsetType = UNSET
    names: str = ""
    after: str = ""
    limit: int = DEFAULT_LIMIT

    tells = {
        "namespace": "Filter: the whole path of a namespace.",
        "mount": "Filter: the path of a mount.",
        "name": "Filter: the name of a key.",
        "algorithm": "Filter: an algorithm, by its name in `sys/algorithms`.",
        "state": "Filter: the state of a version.",
        "data_class": "Filter: a data class. Empty selects keys without one.",
        "owner": "Filter: an owner. Empty selects keys without one.",
        "quantum_vulnerable": "Filter: `true` selects keys of algorithms that a quantum computer breaks, `false` "
        "the others.",
        "names": NAMES_TELL,
        "after": "The `next` of the previous page.",
        "limit": f"The most versions of a page, 1 to {MAX_LIMIT}.",
    }


async def read_summary(system: System, call: Call, body: AtBody) -> Reply:
    """Count the key versions of this namespace and those below, and show what the server itself uses."""
    at, own = moment(body.at, call.now), await own_cryptography(system, call.now)
    states: Counter[str] = Counter()
    algorithms: Counter[str] = Counter()
    async with aclosing(all_rows(system.unsealed, system.tenant, Chosen(), at, use=False)) as rows:
        async for row in rows:
            states[row.state.value] += 1
            algorithms[row.facts.algorithm] += 1
    return Reply(
        {
            "key_versions": {
                "total": states.total(),
                "by_state": dict(sorted(states.items())),
                "by_algorithm": dict(sorted(algorithms.items())),
            },
            "server": own.described() if system.tenant is system.unsealed.root else [],
        }
    )


async def list_key_versions(system: System, call: Call, body: KeysBody) -> Reply:
    """List key versions with all that is known of them, in the order of their paths."""
    if not 1 <= body.limit <= MAX_LIMIT:
        raise InvalidRequest(f"limit must be between 1 and {MAX_LIMIT}")
    if body.state and body.state not in {state.value for state in State}:
        raise InvalidRequest(f"state must be one of {', '.join(state.value for state in State)}")
    if body.name and NAME.fullmatch(body.name) is None:
        raise InvalidRequest("name has to be the name of a key")
    at = moment(body.at, call.now)
    chosen = None if not body.profile else judging_of(body.profile, body.profile_parameters)
    profiles = [Judging(profile) for profile in all_profiles().values()]
    hiding = await hiding_of(system, body.names)
    await system.unsealed.use_writer.flush()
    found: list[dict[str, Any]] = []
    following = ""
    end = time.monotonic() + MAX_SECONDS
    async with aclosing(all_rows(system.unsealed, system.tenant, _chosen(body), at, use=True)) as rows:
        async for row in rows:
            if _fits(body, row):
                described = describe_row(row, at, profiles, chosen)
                found.append(described if hiding is None else hiding.row(described))
            if len(found) == body.limit or time.monotonic() > end:
                following = _cursor(row)
                break
    return Reply({"versions": found, "next": following})


async def read_readiness(system: System, call: Call, body: ProfileAtBody) -> Reply:
    """Tell which share of protecting operations and of key versions a profile accepts at a date."""
    if not body.profile:
        raise InvalidRequest("profile: required")
    judging, at = judging_of(body.profile, body.profile_parameters), moment(body.at, call.now)
    await system.unsealed.use_writer.flush_all()
    readiness = Readiness(judging, at, min(at, call.now))
    async with aclosing(all_rows(system.unsealed, system.tenant, Chosen(), at, use=True)) as rows:
        async for row in rows:
            readiness.add(row)
    return Reply(readiness.described())


def moment(text: str, now: float) -> float:
    """The seconds since the epoch of a date or a time in RFC 3339; ``now`` without one. Raises ``InvalidRequest``."""
    if not text:
        return now
    nanoseconds = parse_rfc3339(text if "T" in text else f"{text}T00:00:00Z")
    if nanoseconds is None or nanoseconds // SECOND > _LATEST:
        raise InvalidRequest("at has to be a date, such as 2031-01-01, or a time in RFC 3339")
    return nanoseconds / SECOND


async def hiding_of(system: System, names: str) -> HiddenNames | None:
    """What hides names, if ``names`` says so. Raises ``InvalidRequest``."""
    if names not in CHOICES:
        raise InvalidRequest(f"names must be {HMAC}, or empty")
    return await hidden_names(system.unsealed.root.view) if names == HMAC else None


def judging_of(name: str, parameters: str) -> Judging:
    """The profile called ``name``, with parameters in JSON. Raises ``InvalidRequest``."""
    profile = find_profile(name)
    if profile is None:
        raise InvalidRequest(f'no profile "{name}"; LIST sys/crypto-profiles has their names')
    given: dict[str, str] = {}
    if parameters:
        try:
            given = msgspec.json.decode(parameters, type=dict[str, str])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise InvalidRequest("profile_parameters has to be a JSON object of texts") from None
    judging = Judging(profile, msgspec.json.encode(dict(sorted(given.items()))).decode() if given else "", given)
    judging.settings  # noqa: B018 - raises for an unknown parameter
    return judging


def _chosen(body: KeysBody) -> Chosen:
    namespace = None if body.namespace is UNSET else normalise(body.namespace)
    mount = f"{body.mount.strip('/')}/" if body.mount.strip("/") else ""
    return (
        Chosen(namespace, mount, body.name, _place_of(body.after))
        if body.after
        else Chosen(namespace, mount, body.name)
    )


def _cursor(row: KeyRow) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(row.sort_key)).decode().rstrip("=")


def _place_of(cursor: str) -> tuple[str, str, str, int, int]:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        place = msgspec.json.decode(text, type=tuple[str, str, str, int, int])
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        place = "", "", "", 0, 0
    if NAME.fullmatch(place[2]) is None:
        raise InvalidRequest("after has to be the next of an earlier answer")
    return place


def _fits(body: KeysBody, row: KeyRow) -> bool:
    facts = row.facts
    return (
        body.algorithm in ("", facts.algorithm)
        and body.state in ("", row.state.value)
        and (body.data_class is UNSET or body.data_class == facts.data_class)
        and (body.owner is UNSET or body.owner == facts.owner)
        and (body.quantum_vulnerable is UNSET or body.quantum_vulnerable is row.breakable)
    )


INVENTORY_ROUTES: tuple[Row[System], ...] = (
    Route(Operation.READ, "inventory", read_summary, AtBody,
          "Count the key versions, and show the cryptography of the server itself.", writes=False, scope=Scope.EACH),
    Route(Operation.READ, "inventory/keys", list_key_versions, KeysBody, "List key versions with their use.",
          writes=False, scope=Scope.EACH),
    Route(Operation.READ, "inventory/readiness", read_readiness, ProfileAtBody,
          "Compare the keys and their use with a profile.", writes=False, scope=Scope.EACH),
)  # fmt: skip
