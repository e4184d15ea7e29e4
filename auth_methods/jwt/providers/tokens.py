"""Requests to a provider's token endpoint, and for the revocation of tokens (RFC 6749, 7009, 8628).

The provider's own words never reach a caller: only its error codes do, and only if they look like one.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote_plus

from auth_methods.fetching.client import Answer, FetchFailed, Sent, fetching
from auth_methods.jwt.providers.endpoints import Client, Endpoints

_ANSWERS = frozenset({200, 400, 401})
_CODE = re.compile(r"[a-z_]{1,64}")
_MAX_CHARACTERS = {"refresh_token": 16 * 1024}
_MAX_OTHER_CHARACTERS = 64 * 1024


class TokenRefused(FetchFailed):
    """The provider refuses the request; ``code`` is its error code (RFC 6749, 5.2)."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the provider says {code}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a person; empty for those that weren't granted."""

    id_token: str = ""
    access_token: str = ""
    refresh_token: str = ""
    scope: str | None = None
    """None if it is the one that was asked for (RFC 6749, 5.1)."""

    def __repr__(self) -> str:
        return "Tokens()"


async def request_tokens(endpoints: Endpoints, client: Client, ca_pem: str, form: Mapping[str, str]) -> Tokens:
    """The tokens for ``form``, a grant. Raises ``FetchFailed``, and of these ``TokenRefused``."""
    answer = await request(endpoints.token, endpoints, client, ca_pem, form)
    found = answer.document
    assert isinstance(found, dict), "checked by ``request``"
    texts = {name: found[name] for name in Tokens.__slots__ if isinstance(found.get(name), str)}
    if any(len(text) > _MAX_CHARACTERS.get(name, _MAX_OTHER_CHARACTERS) for name, text in texts.items()):
        raise FetchFailed("a token of the provider's is too long")
    return Tokens(**texts)


async def request(url: str, endpoints: Endpoints, client: Client, ca_pem: str, form: Mapping[str, str]) -> Answer:
    """The answer of ``url``, an endpoint of the provider, to ``form`` from ``client``: an object.

    Raises ``FetchFailed``, and of these ``TokenRefused``.
    """
    async with fetching(ca_pem) as fetcher:
        answer = await fetcher.answer(url, authenticated(endpoints, client, form), _ANSWERS)
    found = answer.document
    if not isinstance(found, dict):
        raise FetchFailed("the provider's answer is no object")
    error = found.get("error")  # GitHub refuses with status 200.
    if error or answer.status != 200:
        known = isinstance(error, str) and _CODE.fullmatch(error) is not None
        raise TokenRefused(str(error) if known else f"status {answer.status} without an error code")
    return answer


def authenticated(endpoints: Endpoints, client: Client, form: Mapping[str, str]) -> Sent:
    """``form`` with the proof of the client (RFC 6749, 2.3.1)."""
    if endpoints.secret_in_body:
        return Sent(form={**form, "client_id": client.id, "client_secret": client.secret})
    pair = f"{quote_plus(client.id)}:{quote_plus(client.secret)}"
    return Sent(form=form, headers={"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"})
