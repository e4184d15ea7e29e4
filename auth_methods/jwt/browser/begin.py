"""Beginning of a login through a browser: the address to open in it."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any
from urllib.parse import urlencode, urlsplit

from msgspec.structs import replace

from auth_methods.base import CountedReply
from auth_methods.fetching.client import FetchFailed
from auth_methods.fetching.failures import report
from auth_methods.jwt.browser import pending as states
from auth_methods.jwt.browser.pending import PENDING_SECONDS, Pending
from auth_methods.jwt.browser.return_addresses import may_return_to, split_namespace
from auth_methods.jwt.providers.endpoints import Endpoints
from auth_methods.jwt.providers.tokens import request
from auth_methods.jwt.records import CLIENT, DEVICE, DIRECT, Config, Role
from auth_methods.jwt.state import Jwt
from engines.base import Body, Call, Reply
from engines.faults import InvalidRequest, Unavailable

_MAX_TEXT = 2048
_NONCE_BYTES = 24
_VERIFIER_BYTES = 32
_POLL_SECONDS = 5
_MAX_DEVICE_SECONDS = 1800
_CONSOLE = "/ui/callback/"
"""The path, in a redirect address, of this server's console."""

_ADDRESS = ("verification_uri", "verification_url")
_COMPLETE = ("verification_uri_complete", "verification_url_complete")
"""The address for people, and the one with the code in it, by RFC 8628 and as older providers spell them."""


class AuthUrlBody(Body):
    """The role, the redirect address, and the nonce that proves that the same client ends the login."""

    role: str = ""
    redirect_uri: str = ""
    client_nonce: str = ""

    tells = {
        "role": "The role. Default: the mount's `default_role`.",
        "redirect_uri": "The URL that the browser returns to, one of the role's. Not for the mode `device`.",
        "client_nonce": (
            "A secret of the client, repeated at the end of the login; required in the modes `direct` and `device`."
        ),
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
    if max(map(len, (body.redirect_uri, body.client_nonce))) > _MAX_TEXT:
        raise InvalidRequest("redirect_uri or client_nonce is too long")
    role = await method.role(name)
    if role is None:
        raise InvalidRequest(f'role "{name}" could not be found')
    config.check_role(role)
    if role.callback_mode != CLIENT and not body.client_nonce:
        raise InvalidRequest("missing client_nonce")
    if role.callback_mode != DEVICE and not body.redirect_uri:
        raise InvalidRequest("missing redirect_uri")
    namespace = ""
    if config.namespace_in_state:
        address, namespace = split_namespace(body.redirect_uri)
        body = replace(body, redirect_uri=address)
    pending = _pending(config, role, name, call, body)
    if role.role_type != "oidc":
        return Reply({"auth_url": ""})
    if role.callback_mode == DEVICE:
        return await _device(method, config, role, pending, call)
    if not may_return_to(body.redirect_uri, role.allowed_redirect_uris or ()):
        return Reply({"auth_url": ""})
    try:
        endpoints = await method.endpoints(config)
    except FetchFailed as error:
        report("a login can't begin: %s", error, mount=method.mount.path, request=call.request_id)
        return Reply({"auth_url": ""})
    state = await states.seal(method.mount.storage, pending)
    passed = f"{state},ns={namespace}" if namespace else state  # The client takes the namespace off again.
    parameters = _parameters(config, role, pending) | {"state": passed}
    joint = "&" if urlsplit(endpoints.authorization).query else "?"
    address = f"{endpoints.authorization}{joint}{urlencode(sorted(parameters.items()))}"
    polled = {"state": state, "poll_interval": str(role.poll_interval or _POLL_SECONDS)}
    return Reply({"auth_url": address} | (polled if role.callback_mode == DIRECT else {}))


def _pending(config: Config, role: Role, name: str, call: Call, body: AuthUrlBody) -> Pending:
    return Pending(
        role=name,
        redirect_uri=body.redirect_uri,
        nonce=secrets.token_urlsafe(_NONCE_BYTES),
        verifier=secrets.token_urlsafe(_VERIFIER_BYTES),
        client_nonce=states.hashed(body.client_nonce),
        ends_at=int(call.now) + PENDING_SECONDS,
        mode=role.callback_mode,
        provider=config.provider_id,
        address=call.remote_address,
    )


def _parameters(config: Config, role: Role, pending: Pending) -> dict[str, str]:
    challenge = hashlib.sha256(pending.verifier.encode()).digest()
    parameters = {
        "client_id": config.oidc_client_id,
        "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        "redirect_uri": pending.redirect_uri,
        "response_type": "code",
        "scope": " ".join(config.scopes(role)),
    }
    if config.github is None:
        parameters["nonce"] = pending.nonce
    if config.oidc_response_mode:
        # A form that another site posts has no cookie of the console's session with it.
        console = urlsplit(pending.redirect_uri).path.startswith(_CONSOLE)
        parameters["response_mode"] = "query" if console else config.oidc_response_mode
    if role.max_age > 0:
        parameters["max_age"] = str(role.max_age)
    custom = config.custom
    return parameters if custom is None else {**parameters, **custom.authorization_parameters()}


async def _device(method: Jwt, config: Config, role: Role, pending: Pending, call: Call) -> Reply:
    """Begin the login of a device (RFC 8628, 3.1); it counts as a failure, since it costs the provider something."""
    try:
        endpoints = await method.endpoints(config)
        answer = await _device_answer(endpoints, config, role)
    except FetchFailed as error:
        report("the login of a device can't begin: %s", error, mount=method.mount.path, request=call.request_id)
        raise Unavailable("the provider can't begin the login of a device") from None
    seconds = _whole(answer.get("expires_in"), PENDING_SECONDS, _MAX_DEVICE_SECONDS)
    pending = pending.for_device(_first_text(answer, "device_code"), ends_at=int(call.now) + seconds)
    whole = _first_text(answer, *_COMPLETE)
    data = {"auth_url": whole or _first_text(answer, *_ADDRESS)}
    if not whole:
        data["user_code"] = _first_text(answer, "user_code")
    interval = role.poll_interval or _whole(answer.get("interval"), _POLL_SECONDS, _MAX_DEVICE_SECONDS)
    state = await states.seal(method.mount.storage, pending)
    return CountedReply({**data, "state": state, "poll_interval": str(interval)})


async def _device_answer(endpoints: Endpoints, config: Config, role: Role) -> dict[str, Any]:
    if not endpoints.device:
        raise FetchFailed("the provider has no logins for devices")
    form = {"scope": " ".join(config.scopes(role))}
    if endpoints.secret_in_body is False:
        form["client_id"] = config.oidc_client_id  # RFC 8628, 3.1, wants it in any case.
    answer = await request(endpoints.device, endpoints, config.client, config.oidc_discovery_ca_pem, form)
    found: dict[str, Any] = answer.document
    names = (("device_code",), ("user_code",), _ADDRESS)
    if not all(0 < len(_first_text(found, *either)) <= _MAX_TEXT for either in names):
        raise FetchFailed("the provider's answer to the login of a device lacks something")
    shown = _first_text(found, *_COMPLETE, *_ADDRESS)
    if len(shown) > _MAX_TEXT or urlsplit(shown).scheme not in ("https", "http"):
        raise FetchFailed("the provider's address for people is no web address")  # Clients open it.
    return found


def _first_text(found: dict[str, Any], *names: str) -> str:
    return next((found[name] for name in names if isinstance(found.get(name), str) and found[name]), "")


def _whole(value: Any, default: int, most: int) -> int:
    """``value`` if it is a whole number from 1 to ``most``, else ``default``."""
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 < value
    return min(value, most) if fits else default
