"""Login through a browser, by OpenID Connect's authorization code flow (OpenID Connect Core 1.0, 3.1).

1  ``auth_url``: the client gives the redirect address, and gets the address to open in the browser
2  the person logs in at the provider, which sends the browser back to the client, with a code
3  ``callback``: the client brings the code, which the provider exchanges for a token about the person
4  the token is checked and held against the role, as in any login of this method

Against a code or a login injected by an attacker there are the sealed ``state``, valid once; the proof key of the
exchange (RFC 7636); the nonce in the token; and the client's own nonce, which the browser never sees.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any
from urllib.parse import urlencode, urlsplit

from auth_methods.base import InvalidCredentials, Login
from auth_methods.jwt import browser_state as states
from auth_methods.jwt import claims as claim_checks
from auth_methods.jwt import used_ids
from auth_methods.jwt.browser_state import PENDING_SECONDS, Pending
from auth_methods.jwt.claims import InvalidClaims
from auth_methods.jwt.fetch_failures import report
from auth_methods.jwt.keys import BadSignature, read_header, verified_claims
from auth_methods.jwt.login import login_of
from auth_methods.jwt.records import Config, Role
from auth_methods.jwt.remote import FetchFailed
from auth_methods.jwt.state import Jwt
from engines.base import Body, Call, Reply
from engines.faults import InvalidRequest

_FAILED = "OpenBao login failed. "
_MAX_TEXT = 2048
_NONCE_BYTES = 24
_VERIFIER_BYTES = 32
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class AuthUrlBody(Body):
    """The role, the redirect address, and the nonce that proves that the same client ends the login."""

    role: str = ""
    redirect_uri: str = ""
    client_nonce: str = ""

    tells = {
        "role": "The role to log in with; the mount's default without it.",
        "redirect_uri": "Where the browser is to come back to; one of the role's.",
        "client_nonce": "A secret of the client's own, which it has to show again at the end.",
    }


class CallbackBody(Body):
    """The parameters that the browser has brought back, and the client's own nonce."""

    state: str = ""
    code: str = ""
    client_nonce: str = ""
    error: str = ""
    error_description: str = ""

    tells = {
        "state": "The state that the browser has brought back.",
        "code": "The code that the provider has given.",
        "client_nonce": "The client's secret from the beginning.",
        "error": "What the provider says has gone wrong.",
        "error_description": "The same for people.",
    }


async def auth_url(method: Jwt, call: Call, body: AuthUrlBody) -> Reply:
    """Give the address to open in a browser; an empty one if the role doesn't allow the redirect address."""
    config = await method.configuration()
    if config is None:
        raise InvalidRequest("could not load configuration")
    if not config.oidc_client_id:
        raise InvalidRequest("OIDC login is not configured for this mount")
    name = (body.role or config.default_role).lower()
    if not name:
        raise InvalidRequest("missing role")
    if not body.redirect_uri:
        raise InvalidRequest("missing redirect_uri")
    if max(map(len, (body.redirect_uri, body.client_nonce))) > _MAX_TEXT:
        raise InvalidRequest("redirect_uri or client_nonce is too long")
    role = await method.role(name)
    if role is None:
        raise InvalidRequest(f'role "{name}" could not be found')
    if role.role_type != "oidc" or not _may_return_to(body.redirect_uri, role):
        return Reply({"auth_url": ""})
    try:
        endpoints = await method.provider(config).endpoints()
    except FetchFailed as error:
        report("a login can't begin: %s", error, mount=method.mount.path, request=call.request_id)
        return Reply({"auth_url": ""})
    pending = Pending(
        role=name,
        redirect_uri=body.redirect_uri,
        nonce=secrets.token_urlsafe(_NONCE_BYTES),
        verifier=secrets.token_urlsafe(_VERIFIER_BYTES),
        client_nonce=states.hashed(body.client_nonce),
        ends_at=int(call.now) + PENDING_SECONDS,
    )
    parameters = _parameters(config, role, pending) | {"state": await states.seal(method.mount.storage, pending)}
    joint = "&" if urlsplit(endpoints.authorization).query else "?"
    return Reply({"auth_url": f"{endpoints.authorization}{joint}{urlencode(sorted(parameters.items()))}"})


def _parameters(config: Config, role: Role, pending: Pending) -> dict[str, str]:
    challenge = hashlib.sha256(pending.verifier.encode()).digest()
    parameters = {
        "client_id": config.oidc_client_id,
        "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        "nonce": pending.nonce,
        "redirect_uri": pending.redirect_uri,
        "response_type": "code",
        "scope": " ".join(dict.fromkeys(["openid", *(role.oidc_scopes or ())])),
    }
    return parameters | ({"max_age": str(role.max_age)} if role.max_age > 0 else {})


def _may_return_to(given: str, role: Role) -> bool:
    """Whether the role allows exactly this redirect address; a loopback address at any port (RFC 8252, 7.3)."""
    allowed = role.allowed_redirect_uris or ()
    if given in allowed:
        return True
    own = _without_port(given)
    return own is not None and any(own == _without_port(one) for one in allowed)


def _without_port(text: str) -> tuple[str, str, str] | None:
    """Host, path and query of a plain HTTP loopback address, else None."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme != "http" or host not in _LOOPBACK or "@" in parts.netloc or parts.fragment:
        return None
    return host, parts.path, parts.query


async def callback(method: Jwt, call: Call, body: CallbackBody) -> Login:
    """Give a token for the parameters that the browser has brought back."""
    config = await method.configuration()
    if config is None:
        raise InvalidRequest(f"{_FAILED}Could not load configuration")
    pending = await states.unseal(method.mount.storage, body.state, call.now)
    if pending is None or not await _first(method, pending):
        raise InvalidRequest(f"{_FAILED}Expired or missing OAuth state.")
    if not pending.matches_client(body.client_nonce):
        raise InvalidRequest("invalid client_nonce")
    role = await method.role(pending.role)
    if role is None or role.role_type != "oidc" or not config.oidc_client_id:
        raise InvalidRequest(f"{_FAILED}Role could not be found")
    role.token.check_address(call)
    if not body.code:
        raise InvalidRequest(_FAILED + (body.error or "OAuth code parameter not provided")[:_MAX_TEXT])
    try:
        found = await _claims(method, config, role, pending, body.code, call)
        return login_of(role, pending.role, found, call)
    except FetchFailed as error:
        report("a login can't end: %s", error, mount=method.mount.path, request=call.request_id)
        raise InvalidRequest(f"{_FAILED}Error exchanging oidc code.") from None
    except (BadSignature, InvalidClaims) as error:
        raise InvalidCredentials(f"{_FAILED}{error}") from None


async def _first(method: Jwt, pending: Pending) -> bool:
    """Consume the begun login, also if it fails later; False if it was consumed before."""
    return await used_ids.take(method.mount.storage, "oidc state", pending.nonce, pending.ends_at)


async def _claims(method: Jwt, config: Config, role: Role, pending: Pending, code: str, call: Call) -> dict[str, Any]:
    """The provider's claims about the person. Raises ``FetchFailed``, ``BadSignature`` or ``InvalidClaims``."""
    provider = method.provider(config)
    tokens = await provider.exchange(config.client, code, pending.redirect_uri, pending.verifier)
    header = read_header(tokens.id_token)
    if config.jwt_supported_algs and header.algorithm not in config.jwt_supported_algs:
        raise BadSignature("id_token signed with unexpected algorithm")
    found = verified_claims(tokens.id_token, header, await method.keys(config, header.key_id, call.request_id))
    _check(found, config, role, pending, call.now)
    more = await provider.user_info(tokens)
    if more and more.get("sub") != found.get("sub"):
        raise InvalidClaims("the provider's information is on another user")  # OpenID Connect Core 1.0, 5.3.2.
    return {**more, **found}


def _check(found: dict[str, Any], config: Config, role: Role, pending: Pending, now: float) -> None:
    """Check that the token belongs to this login and client, and is valid now (OpenID Connect Core 1.0, 3.1.3.7)."""
    expected = role.expected(config.issuer, (config.oidc_client_id,))
    claim_checks.check_registered(found, expected, now)
    nonce = found.get("nonce")
    if not isinstance(nonce, str) or not secrets.compare_digest(nonce.encode(), pending.nonce.encode()):
        raise InvalidClaims("invalid id_token nonce")
    audiences = claim_checks.audiences(found)
    if len(audiences) > 1 and found.get("azp") != config.oidc_client_id:
        raise InvalidClaims("invalid authorized party (azp) claim")
    if role.bound_audiences and not set(audiences) & set(role.bound_audiences):
        raise InvalidClaims("invalid audience (aud) claim: audience claim does not match any expected audience")
    if role.max_age > 0:
        at = found.get("auth_time")
        if isinstance(at, bool) or not isinstance(at, int | float) or at + role.max_age + expected.skew < now:
            raise InvalidClaims("the user has logged in at the provider too long ago")
