"""``crypto-profiles`` and ``crypto-policies/matrix``: requirements of public documents, the same in all namespaces."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from msgspec import Meta

from engines.base import Body, Call, Nothing, Operation, Reply, Route, Row, Scope
from engines.crypto_policy.profiles.catalogue import all_profiles, find_profile
from engines.crypto_policy.profiles.describing import describe_profile, summarize_profile
from engines.crypto_policy.profiles.judging import utc_day
from engines.crypto_policy.profiles.matrix import MAX_PROFILES, Cell, matrix
from engines.crypto_policy.profiles.model import Profile
from engines.durations import SECOND
from engines.encoding import parse_rfc3339
from engines.faults import InvalidRequest, NotFound
from engines.fields import PARTS, READING
from engines.worker_pools import beside
from server.system.state import System


def _plain_profile(name: str) -> str:
    """The canonical name of a profile: its id, with the date."""
    profile = find_profile(name)
    return name if profile is None else profile.id


def _plain_profiles(names: str) -> list[str]:
    return [_plain_profile(name) for name in _split(names)]


def _plain_day(text: str) -> str:
    """The canonical text of a time: its day in UTC."""
    try:
        return _day(text).isoformat() if text else text
    except InvalidRequest:
        return text


class ProfileBody(Body):
    """The id of a profile."""

    name: Annotated[str, Meta(extra={READING: _plain_profile})] = ""

    tells = {"name": "The id of the profile, with its date (`cnsa-2.0@2025-05`), or without for the newest edition."}


class MatrixBody(Body):
    """The profiles to compare, and the day."""

    profiles: Annotated[str, Meta(extra={PARTS: _plain_profiles})] = ""
    at: Annotated[str, Meta(extra={READING: _plain_day})] = ""

    tells = {
        "profiles": f"Required. Ids of profiles, separated by commas; at most {MAX_PROFILES}.",
        "at": "The time of the verdicts: a date, or a time in RFC 3339. Default: now. Verdicts change at 00:00 UTC.",
    }


async def list_profiles(system: System, call: Call, body: Nothing) -> Reply:
    """List the ids of all profiles, with a description of each."""
    profiles = all_profiles()
    return Reply({"keys": list(profiles), "key_info": {id_: summarize_profile(one) for id_, one in profiles.items()}})


async def read_profile(system: System, call: Call, body: ProfileBody) -> Reply:
    """Show a profile with its rules and their sources."""
    profile = find_profile(body.name)
    if profile is None:
        raise NotFound
    return Reply(describe_profile(profile))


async def compare_profiles(system: System, call: Call, body: MatrixBody) -> Reply:
    """Show each profile's rule for every algorithm and operation, where they differ, and what all allow."""
    profiles = _chosen(body.profiles)
    at = _day(body.at) if body.at else utc_day(call.now)
    found = await beside(lambda: matrix(profiles, at))
    return Reply(
        {
            "algorithms": [_cell(cell) for cell in found.cells],
            "conflicts": [_cell(cell) for cell in found.cells if cell.disputed],
            "satisfy_all": found.satisfy_all,
        }
    )


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def _chosen(names: str) -> list[Profile]:
    chosen: dict[str, Profile] = {}
    for name in _split(names):
        profile = find_profile(name)
        if profile is None:
            raise InvalidRequest(f'no profile "{name}"; LIST sys/crypto-profiles has their names')
        chosen[profile.id] = profile
    if not 0 < len(chosen) <= MAX_PROFILES:
        raise InvalidRequest(f"profiles has to name 1 to {MAX_PROFILES} profiles")
    return list(chosen.values())


def _day(text: str) -> date:
    """The day in UTC of a date, or of a time in RFC 3339. Raises ``InvalidRequest``."""
    nanoseconds = parse_rfc3339(text if "T" in text else f"{text}T00:00:00Z")
    if nanoseconds is None:
        raise InvalidRequest("at has to be a date, such as 2031-01-01, or a time in RFC 3339")
    return utc_day(nanoseconds // SECOND)


def _cell(cell: Cell) -> dict[str, Any]:
    verdicts = {profile: verdict.value for profile, verdict in cell.verdicts.items()}
    return {"algorithm": cell.algorithm, "operation": cell.operation.value, "verdicts": verdicts}


PROFILE_ROUTES: tuple[Row[System], ...] = (
    Route(Operation.LIST, "crypto-profiles", list_profiles, Nothing, "List the crypto profiles.", writes=False,
          scope=Scope.EACH),
    Route(Operation.READ, "crypto-profiles/{name:any}", read_profile, ProfileBody,
          "Show a crypto profile: its rules and their sources.", writes=False, scope=Scope.EACH),
    Route(Operation.READ, "crypto-policies/matrix", compare_profiles, MatrixBody,
          "Compare crypto profiles over all algorithms.", writes=False, scope=Scope.EACH),
)  # fmt: skip
