"""Password policies; see ``server.tenants.policies.passwords``."""

from __future__ import annotations

import base64
from urllib.parse import quote, unquote

from engines.algorithms.row import Pace
from engines.base import Body, Call, Nothing, Reply
from engines.faults import InvalidRequest, NotFound
from engines.worker_pools import at_pace
from server.system.state import System
from server.tenants.policies.passwords import MAX_TEXT_BYTES, parse_password_policy
from storage.base import delete, put

_FOLDER = "sys/password-policy/"
_MAX_NAME_BYTES = 512


class PasswordPolicyBody(Body):
    """The name of a password policy."""

    name: str = ""

    tells = {
        "name": "The password policy.",
    }


class WritePasswordPolicyBody(PasswordPolicyBody):
    """A password policy, plain or in base64."""

    policy: str = ""

    tells = {
        "policy": "The rules in HCL, or base64 of them.",
    }


async def list_password_policies(system: System, call: Call, body: Nothing) -> Reply:
    """List the password policies."""
    return Reply({"keys": [unquote(name) for name in await system.tenant.view.list(_FOLDER)]})


async def read_password_policy(system: System, call: Call, body: PasswordPolicyBody) -> Reply:
    """Show a password policy."""
    return Reply({"policy": await _text(system, body.name)})


async def write_password_policy(system: System, call: Call, body: WritePasswordPolicyBody) -> None:
    """Write a password policy; passwords are generated at once, to check that it can be met."""
    if not body.policy:
        raise InvalidRequest("missing policy", wrapped=True)
    text = _plain(body.policy)
    if len(text.encode()) > MAX_TEXT_BYTES or len(body.name.encode()) > _MAX_NAME_BYTES:
        raise InvalidRequest(f"a password policy has at most {MAX_TEXT_BYTES} bytes, its name {_MAX_NAME_BYTES}")
    await _password(text)
    await put(system.tenant.view, _key(body.name), text.encode())


async def delete_password_policy(system: System, call: Call, body: PasswordPolicyBody) -> None:
    """Delete a password policy; no error if there is none."""
    if len(body.name.encode()) <= _MAX_NAME_BYTES:
        await delete(system.tenant.view, _key(body.name))


async def generate_password(system: System, call: Call, body: PasswordPolicyBody) -> Reply:
    """Generate a password."""
    return Reply({"password": await _password(await _text(system, body.name))})


async def _password(text: str) -> str:
    """A password by the policy in ``text``. Raises ``RateLimited`` besides what the policy raises."""
    return await at_pace(Pace.LONG, lambda: parse_password_policy(text).generate())


async def _text(system: System, name: str) -> str:
    value = await system.tenant.view.get(_key(name)) if len(name.encode()) <= _MAX_NAME_BYTES else None
    if value is None:
        raise NotFound("policy does not exist", wrapped=True)
    return value.decode()


def _key(name: str) -> str:
    return _FOLDER + quote(name, safe="")


def _plain(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return text
