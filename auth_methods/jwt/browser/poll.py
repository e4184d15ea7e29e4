"""Poll for the end of a login in the modes ``direct`` and ``device``, in the words of RFC 8628, 3.5."""

from __future__ import annotations

from typing import Any, TypeAlias

from auth_methods.base import InvalidCredentials, Login, LoginPending
from auth_methods.fetching.client import FetchFailed
from auth_methods.fetching.failures import report
from auth_methods.jwt.browser import pending as states
from auth_methods.jwt.browser.callback import EXPIRED, FAILED
from auth_methods.jwt.browser.pending import Pending
from auth_methods.jwt.browser.proofs import grant_of_device, prove
from auth_methods.jwt.claims import InvalidClaims
from auth_methods.jwt.endings import ended_if_refused
from auth_methods.jwt.keys import BadSignature
from auth_methods.jwt.login import login_of
from auth_methods.jwt.logins import finished, used_ids
from auth_methods.jwt.providers.tokens import TokenRefused
from auth_methods.jwt.records import CLIENT, DEVICE, Config, Role
from auth_methods.jwt.state import Jwt
from engines.base import Body, Call
from engines.faults import InvalidRequest, Unavailable

_Proved: TypeAlias = tuple[dict[str, Any], bytes]
"""The claims about a person, and the grant to keep with the token."""

_PENDING, _SLOW_DOWN = "authorization_pending", "slow_down"


class PollBody(Body):
    """A begun login, and the client's own nonce."""

    state: str = ""
    client_nonce: str = ""

    tells = {
        "state": "The `state` of the beginning of the login.",
        "client_nonce": "The client's secret of the beginning of the login.",
    }


async def poll(method: Jwt, call: Call, body: PollBody) -> Login:
    """Give a token, if the person has logged in meanwhile; else the text of the refusal says whether to ask again."""
    config = await method.configuration()
    if config is None:
        raise InvalidRequest(f"{FAILED}Could not load configuration")
    pending = await states.unseal(method.mount.storage, body.state, call.now)
    if pending is None or pending.mode == CLIENT or pending.provider != config.provider_id:
        raise InvalidRequest(EXPIRED)
    if not pending.matches_client(body.client_nonce):
        raise InvalidRequest("invalid client_nonce")
    role = await method.role(pending.role)
    if role is None or role.role_type != "oidc":
        raise InvalidRequest(f"{FAILED}Role could not be found")
    role.token.check_address(call)
    claims, grant = await (_of_device if pending.mode == DEVICE else _of_browser)(method, config, role, pending, call)
    try:
        async with ended_if_refused(method, grant, call.now):
            login = login_of(config, role, pending.role, claims, call)
    except InvalidClaims as error:
        raise InvalidCredentials(f"{FAILED}{error}") from None
    login.grant = grant
    return login


async def _of_browser(method: Jwt, config: Config, role: Role, pending: Pending, call: Call) -> _Proved:
    found = await finished.take(method.mount.storage, pending.nonce)
    if found is None:
        raise LoginPending(_PENDING)
    return found.claims, found.grant


async def _of_device(method: Jwt, config: Config, role: Role, pending: Pending, call: Call) -> _Proved:
    if not method.polls.may_ask(pending.nonce, call.now):
        raise LoginPending(_SLOW_DOWN)
    try:
        proved = await prove(method, config, role, pending, grant_of_device(pending, config), call)
    except TokenRefused as error:
        if error.code in (_PENDING, _SLOW_DOWN):
            raise LoginPending(error.code) from None
        raise InvalidRequest(f"authorization failed: {error.code}") from None
    except FetchFailed as error:
        report("the login of a device can't end: %s", error, mount=method.mount.path, request=call.request_id)
        raise Unavailable("the provider can't be asked for the end of the login") from None
    except (BadSignature, InvalidClaims) as error:
        raise InvalidCredentials(f"{FAILED}{error}") from None
    async with ended_if_refused(method, proved[1], call.now):
        if not await used_ids.take(method.mount.storage, "oidc state", pending.nonce, pending.ends_at):
            raise InvalidRequest(EXPIRED)
    return proved
