"""Mappings of teams and people to policies.

A person is mapped by the number of the account: it is looked up when the mapping is written, so that another person who
takes the login later gets none of its policies.
"""

from __future__ import annotations

from auth_methods.fetching.client import FetchFailed, Refused, fetching
from auth_methods.fetching.failures import report
from auth_methods.github import api
from auth_methods.github.state import (
    ALL,
    TEAMS,
    USER_IDS,
    USERS,
    GitHub,
    PolicyMapping,
    decode_mapping,
    team_key,
    user_key,
)
from auth_methods.records import encoded
from auth_methods.token_fields import parse_policies
from engines.base import Body, Call, Page, Reply
from engines.faults import InvalidRequest, Unavailable
from engines.fields import CommaList, FoldedName
from storage.base import Transaction, delete, put, transact


class MappingName(Body):
    """The name of a team or a person."""

    name: FoldedName = ""

    tells = {
        "name": "The slug of the team, or the login of the user; `default` for all of them.",
    }


class TeamBody(MappingName):
    """The policies of a team."""

    value: CommaList = []

    tells = {
        "value": "The policies.",
    }


class UserBody(TeamBody):
    """The policies of a person."""

    id: int = 0

    tells = {
        "id": "The number of the account. Default: fetched from GitHub.",
    }


async def list_teams(method: GitHub, call: Call, body: Page) -> Reply:
    """List the mapped teams."""
    return await _listed(method, TEAMS, body)


async def list_users(method: GitHub, call: Call, body: Page) -> Reply:
    """List the mapped people."""
    return await _listed(method, USERS, body)


async def _listed(method: GitHub, folder: str, body: Page) -> Reply:
    return Reply({"keys": await method.storage.list(folder, body.after, body.limit if body.limit > 0 else None)})


async def team_exists(method: GitHub, call: Call, body: TeamBody) -> bool:
    """Whether a team is mapped."""
    return await method.mapping(team_key(body.name)) is not None


async def user_exists(method: GitHub, call: Call, body: UserBody) -> bool:
    """Whether a person is mapped."""
    return await method.mapping(user_key(body.name)) is not None


async def read_team(method: GitHub, call: Call, body: MappingName) -> Reply | None:
    """Show the policies of a team."""
    found = await method.mapping(team_key(body.name))
    return None if found is None else Reply({"key": body.name.lower(), "value": ",".join(found.policies)})


async def read_user(method: GitHub, call: Call, body: MappingName) -> Reply | None:
    """Show the policies of a person, and the number of the account."""
    found = await method.mapping(user_key(body.name))
    if found is None:
        return None
    return Reply({"key": body.name.lower(), "value": ",".join(found.policies), "id": found.id})


async def write_team(method: GitHub, call: Call, body: TeamBody) -> None:
    """Set the policies of a team."""
    await put(method.storage, team_key(body.name), encoded(PolicyMapping(policies=parse_policies(body.value))))


async def write_user(method: GitHub, call: Call, body: UserBody) -> None:
    """Set the policies of a person."""
    if body.id < 0:
        raise InvalidRequest("id is not a number of GitHub's")
    name = body.name.lower()
    number = 0 if name == ALL else body.id or await _number(method, name, call)
    value = encoded(PolicyMapping(policies=parse_policies(body.value), id=number))

    async def store_mapping(transaction: Transaction) -> None:
        await _forget(transaction, name)
        transaction.put(user_key(name), value)
        if number:
            transaction.put(f"{USER_IDS}{number}/{name}", b"")

    await transact(method.storage, store_mapping)


async def delete_team(method: GitHub, call: Call, body: MappingName) -> None:
    """Remove a team's mapping."""
    await delete(method.storage, team_key(body.name))


async def delete_user(method: GitHub, call: Call, body: MappingName) -> None:
    """Remove a person's mapping."""

    async def forget_mapping(transaction: Transaction) -> None:
        await _forget(transaction, body.name.lower())

    await transact(method.storage, forget_mapping)


async def _forget(transaction: Transaction, name: str) -> None:
    before = await transaction.get(user_key(name))
    if before is not None:
        transaction.delete(user_key(name))
        transaction.delete(f"{USER_IDS}{decode_mapping(before).id}/{name}")


async def _number(method: GitHub, login: str, call: Call) -> int:
    """The number of the account with this login now."""
    config = await method.configuration()
    if config is None:
        raise InvalidRequest("configuration has not been set")
    try:
        async with fetching("") as fetcher:
            return (await api.user_named(fetcher, config.api_root, login)).id
    except Refused as error:
        if error.status == 404:
            raise InvalidRequest(f'GitHub knows no user "{login}"') from None
        reason: FetchFailed = error
    except FetchFailed as error:
        reason = error
    report("a user can't be looked up: %s", reason, mount=method.mount.path, request=call.request_id)
    raise Unavailable("the user can't be looked up at GitHub; the number of the account may be given as id")
