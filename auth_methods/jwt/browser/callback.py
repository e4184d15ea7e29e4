"""Callback of a login through a browser: the provider's answer, from the client or from the browser itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msgspec import UNSET, UnsetType

from auth_methods.base import InvalidCredentials, Login
from auth_methods.fetching.client import FetchFailed
from auth_methods.fetching.failures import report
from auth_methods.jwt.browser import pages
from auth_methods.jwt.browser import pending as states
from auth_methods.jwt.browser.pending import Pending
from auth_methods.jwt.browser.proofs import grant_of_code, prove
from auth_methods.jwt.claims import InvalidClaims
from auth_methods.jwt.endings import ended_if_refused
from auth_methods.jwt.keys import BadSignature
from auth_methods.jwt.login import login_of
from auth_methods.jwt.logins import finished, used_ids
from auth_methods.jwt.logins.finished import Finished
from auth_methods.jwt.records import CLIENT, DEVICE, DIRECT, Config, Role
from auth_methods.jwt.state import Jwt
from engines.base import Body, Call, Raw, Reply
from engines.faults import Denied, Fault, InvalidRequest, Unavailable

FAILED = "OpenBao login failed. "
EXPIRED = f"{FAILED}Expired or missing OAuth state."
_FORM_POST = "form_post"
_ERRORS = frozenset(
    {
        "invalid_request", "unauthorized_client", "access_denied", "unsupported_response_type", "invalid_scope",
        "server_error", "temporarily_unavailable",
    }
)  # fmt: skip
"""The errors of RFC 6749, 4.1.2.1; another text may be an attacker's."""

_UNKNOWN_ERROR = "An unknown error occurred during OIDC authentication. Check server logs for details"


class CallbackBody(Body):
    """The parameters that the browser has brought back, and the client's own nonce."""

    state: str = ""
    code: str = ""
    iss: str | UnsetType = UNSET
    client_nonce: str = ""
    confirmation: str = ""
    error: str = ""
    error_description: str = ""
    error_uri: str = ""
    id_token: str = ""

    tells = {
        "state": "The `state` of the redirect.",
        "code": "The authorization code of the provider.",
        "iss": "The issuer of the answer (RFC 9207).",
        "client_nonce": "The client's secret of the beginning of the login.",
        "confirmation": "In the mode `direct`: any text, when the user has confirmed the login.",
        "error": "The error code of the provider.",
        "error_description": "The error text of the provider.",
        "error_uri": "The URL of a page about the error.",
        "id_token": "Ignored: the response type is `code`.",
    }


@dataclass(frozen=True, slots=True)
class _Begun:
    """A login that was begun, with all that it is held against."""

    config: Config
    pending: Pending
    role: Role


async def callback(method: Jwt, call: Call, body: CallbackBody) -> Reply:
    """Give a token for the parameters that the client has brought; or a page, if the browser came by itself."""
    begun = await _begun(method, call, body)
    if begun.pending.mode == DIRECT:
        return await _shown(method, call, body, begun, "get")
    await _consume(method, begun.pending)
    if not begun.pending.matches_client(body.client_nonce):
        raise InvalidRequest("invalid client_nonce")
    begun.role.token.check_address(call)
    return await _login(method, call, body, begun)


async def callback_post(method: Jwt, call: Call, body: CallbackBody) -> Reply:
    """As ``callback``, for the response mode ``form_post``: a page in any case.

    In the mode ``client``, the browser has brought the answer to the client, which passes it on here first, and then to
    ``callback``.
    """
    config = await method.configuration()
    if config is not None and config.oidc_response_mode != _FORM_POST:
        return Reply(status=405, raw=Raw("application/json", b""))  # As OpenBao answers, without a word.
    begun = await _begun(method, call, body)
    if begun.pending.mode == DIRECT:
        return await _shown(method, call, body, begun, "post")
    return pages.passed_on()


async def _begun(method: Jwt, call: Call, body: CallbackBody) -> _Begun:
    config = await method.configuration()
    if config is None:
        raise InvalidRequest(f"{FAILED}Could not load configuration")
    pending = await states.unseal(method.mount.storage, body.state, call.now)
    if pending is None or pending.mode == DEVICE or pending.provider != config.provider_id:
        raise InvalidRequest(EXPIRED)
    role = await method.role(pending.role)
    if role is None or role.role_type != "oidc" or not config.oidc_client_id:
        await _consume(method, pending)
        raise InvalidRequest(f"{FAILED}Role could not be found")
    return _Begun(config, pending, role)


async def _consume(method: Jwt, pending: Pending) -> None:
    """Consume the begun login, also if it fails later. Raises ``InvalidRequest`` if it was consumed before."""
    if not await used_ids.take(method.mount.storage, "oidc state", pending.nonce, pending.ends_at):
        raise InvalidRequest(EXPIRED)


async def _shown(method: Jwt, call: Call, body: CallbackBody, begun: _Begun, form_method: str) -> Reply:
    """The page for a browser that has come by itself: the question whether it was meant, or the end of the login."""
    pending = begun.pending
    if not (begun.role.oidc_disable_confirmation or body.confirmation):
        fields = {
            "state": body.state,
            "code": body.code,
            "iss": body.iss or "",
            "error": body.error,
            "confirmation": "1",
        }
        return pages.confirmation(pending.address, pending.role, form_method, fields)
    try:
        await _consume(method, pending)
        await _finish(method, call, body, begun)
    except (InvalidRequest, Denied, Unavailable) as fault:
        return pages.failed(503 if isinstance(fault, Unavailable) else 400, _text_of(fault))
    return pages.succeeded()


def _text_of(fault: Fault) -> str:
    return (fault.message or "permission denied").removeprefix(FAILED)


async def _finish(method: Jwt, call: Call, body: CallbackBody, begun: _Begun) -> None:
    """Keep the claims about the person for the client, which asks for them with its nonce."""
    pending, (claims, grant) = begun.pending, await _claims(method, call, body, begun)
    await finished.keep(method.mount.storage, pending.nonce, Finished(pending.ends_at, claims, grant))


async def _login(method: Jwt, call: Call, body: CallbackBody, begun: _Begun) -> Login:
    claims, grant = await _claims(method, call, body, begun)
    login = login_of(begun.config, begun.role, begun.pending.role, claims, call)
    login.grant = grant
    return login


async def _claims(method: Jwt, call: Call, body: CallbackBody, begun: _Begun) -> tuple[dict[str, Any], bytes]:
    """The claims about the person that meet the role, and the grant. Raises a fault if there are none."""
    await _check_issuer(method, call, body, begun)
    if body.error:
        report("a provider has refused a login: %s", _error_of(body), mount=method.mount.path, request=call.request_id)
        raise InvalidRequest(FAILED + _error_of(body))
    if not body.code:
        raise InvalidRequest(f"{FAILED}No code or id_token received.")
    try:
        grant = grant_of_code(body.code, begun.pending)
        proved = await prove(method, begun.config, begun.role, begun.pending, grant, call)
        # Checked now, so that the person sees what is wrong; again when the client asks for the login.
        async with ended_if_refused(method, proved[1], call.now):
            login_of(begun.config, begun.role, begun.pending.role, proved[0], call)
    except FetchFailed as error:
        report("a login can't end: %s", error, mount=method.mount.path, request=call.request_id)
        raise InvalidRequest(f"{FAILED}Error exchanging oidc code.") from None
    except (BadSignature, InvalidClaims) as error:
        raise InvalidCredentials(f"{FAILED}{error}") from None
    return proved


def _error_of(body: CallbackBody) -> str:
    code = body.error.strip().lower()
    return code if code in _ERRORS else _UNKNOWN_ERROR


async def _check_issuer(method: Jwt, call: Call, body: CallbackBody, begun: _Begun) -> None:
    """Refuse the answer of another provider than the one that was asked (RFC 9207).

    In the mode ``client`` the parameter may be absent, since ``bao login`` doesn't pass it on: there the client brings
    the code to the mount that it began at, whose provider alone gets it.
    """
    try:
        endpoints = await method.endpoints(begun.config)
    except FetchFailed as error:
        report("a login can't end: %s", error, mount=method.mount.path, request=call.request_id)
        raise InvalidRequest(f"{FAILED}Error exchanging oidc code.") from None
    dropped = body.iss is UNSET and begun.pending.mode == CLIENT
    missing = not body.iss and endpoints.names_issuer and not dropped
    if missing or (body.iss and body.iss != endpoints.issuer):
        raise InvalidCredentials(f"{FAILED}The answer isn't from the provider that was asked.")
