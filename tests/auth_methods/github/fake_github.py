"""A fake of GitHub: logins by OAuth with a proof key, devices, and the API for people, organizations and teams."""

from __future__ import annotations

import base64
import hashlib
import html
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.auth_methods.fake_web import Answer, Asked, FakeWeb
from tests.support.systems import Server

CLIENT, SECRET = "Iv1.client", "the app's secret"
USER_CODE = "WDJB-MJHT"


@dataclass
class Person:
    """A person at GitHub."""

    id: int
    login: str
    email: str | None = None
    organizations: list[tuple[int, str]] = field(default_factory=list)
    teams: list[tuple[int, str, str]] = field(default_factory=list)
    """The organization's number, and the name and slug of the team."""


class FakeGitHub(FakeWeb):
    """GitHub with the person ``octo``. The API lies below ``/api/v3``, as in GitHub Enterprise."""

    def __init__(self) -> None:
        super().__init__()
        self.octo = Person(583231, "octo", None, [(7, "acme"), (8, "other")], [(7, "The Admins", "the-admins")])
        self.scope: str | None = None
        """The scope that is granted, if it isn't the one that was asked for."""
        self.token = "gho_access"
        self.codes: dict[str, dict[str, str]] = {}
        self.device_answers: list[str] = []
        """Errors to the next polls for a device."""
        api = "/api/v3"
        self.paths = {
            "/login/oauth/access_token": self.exchange,
            "/login/device/code": self._device,
            "/login/oauth/authorize": self._ask_person,
            "/login/device": self._ask_for_code,
            f"{api}/user": self._as_owner(self._user),
            f"{api}/user/orgs": self._as_owner(self._organizations),
            f"{api}/user/teams": self._as_owner(self._teams),
            f"{api}/user/emails": self._as_owner(
                lambda asked: [
                    {"email": "old@example.com", "primary": False, "verified": True},
                    {"email": "octo@example.com", "primary": True, "verified": True},
                ]
            ),
            f"{api}/users/octo": self._user,
            f"{api}/orgs/acme": {"id": 7, "login": "acme"},
        }

    def log_in(self, address: str) -> dict[str, str]:
        """What the browser is sent back with from the address that it was sent to."""
        assert address.startswith(f"{self.url}/login/oauth/authorize?")
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (asked["client_id"], asked["code_challenge_method"]) == (CLIENT, "S256")
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"state": asked["state"], "code": code}

    def _ask_person(self, asked: Asked) -> Any:
        """The page on which the person lets the app in, for a browser."""
        address = f"{self.url}{asked.path}?{urlencode(asked.query)}"
        back = f"{asked.query['redirect_uri']}?{urlencode(self.log_in(address))}"
        return _page(f'<a href="{html.escape(back)}">Authorize</a>')

    def _ask_for_code(self, asked: Asked) -> Any:
        """The page on which the person enters the code of a device."""
        if asked.query.get("user_code") == USER_CODE:
            self.device_answers.clear()
            return _page("Congratulations, you're all set!")
        return _page('<form><label>Code <input name="user_code"></label><button>Continue</button></form>')

    def exchange(self, asked: Asked) -> Any:
        """The answer to a grant."""
        form = asked.form
        assert (form["client_id"], form["client_secret"]) == (CLIENT, SECRET)
        if form["grant_type"] == "urn:ietf:params:oauth:grant-type:device_code":
            if self.device_answers:
                return {"error": self.device_answers.pop(0), "error_description": "private words"}
            return self._granted("read:org")
        begun = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if begun is None or begun["code_challenge"] != challenge.decode():
            return {"error": "bad_verification_code", "error_description": "The code passed is incorrect or expired."}
        return self._granted(begun.get("scope", "").replace(" ", ","))

    def _granted(self, scope: str) -> Any:
        granted = scope if self.scope is None else self.scope
        return {"access_token": self.token, "token_type": "bearer", "scope": granted}

    def _device(self, asked: Asked) -> Any:
        where = {"user_code": USER_CODE, "verification_uri": f"{self.url}/login/device"}
        return {"device_code": "device-code", **where, "expires_in": 900, "interval": 5}

    def _as_owner(self, answering: Any) -> Any:
        return lambda asked: answering(asked) if asked.bearer == self.token else Answer({"message": "no"}, 401)

    def _user(self, asked: Asked) -> Any:
        return {"id": self.octo.id, "login": self.octo.login, "email": self.octo.email, "name": "Octo Cat"}

    def _organizations(self, asked: Asked) -> Any:
        return [{"id": number, "login": login} for number, login in self.octo.organizations]

    def _teams(self, asked: Asked) -> Any:
        names = dict(self.octo.organizations)
        return [
            {"id": 1, "name": name, "slug": slug, "organization": {"id": number, "login": names[number]}}
            for number, name, slug in self.octo.teams
        ]


async def enable_github(server: Server, github: FakeGitHub) -> None:
    """Enable ``auth/oidc`` with ``github`` as its provider, and the default role ``r``."""
    assert (await server.ask("POST", "sys/auth/oidc", {"type": "oidc"}))[0] == 204
    config = {
        "provider_config": {"provider": "github", "base_url": github.url},
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SECRET,
        "default_role": "r",
    }
    assert await server.ask("POST", "auth/oidc/config", config) == (204, None)


def _page(body: str) -> Answer:
    return Answer(f"<!doctype html><title>GitHub</title>{body}".encode(), headers={"Content-Type": "text/html"})
