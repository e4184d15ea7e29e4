"""Groups that a token doesn't list: fakes of Microsoft Graph, Google's Directory and Okta."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from auth_methods.jwt.providers import base
from tests.auth_methods.fake_web import Answer, Asked, FakeWeb, web_serving
from tests.auth_methods.jwt.test_jwt_browser import Provider, provider_serving
from tests.support.systems import Server

RETURN = "http://localhost:8250/oidc/callback"
REFUSED = (503, "the groups of the user can't be fetched from the provider")
MEMBERS = "/v1.0/users/oid/getMemberObjects"


@pytest.fixture
def provider() -> Iterator[Provider]:
    """An OpenID provider of the test's own."""
    with provider_serving() as made:
        yield made


@pytest.fixture
def web() -> Iterator[FakeWeb]:
    """The service that is asked for groups."""
    with web_serving(FakeWeb()) as made:
        yield made


class Login:
    """Logins at a mount with ``provider_config``; a login's groups show in ``bound_claims`` that it has to meet."""

    def __init__(self, server: Server, provider: Provider, config: dict[str, Any]) -> None:
        self.server, self.provider = server, provider
        self.config = {
            "oidc_discovery_url": provider.url,
            "oidc_client_id": "client",
            "oidc_client_secret": "secret",
            "default_role": "r",
            "provider_config": config,
        }

    async def ready(self, **role: Any) -> None:
        """Write the configuration and the role."""
        self.server.clock.now = time.time()
        assert (await self.server.ask("POST", "sys/auth/oidc", {"type": "oidc"}))[0] == 204
        assert await self.server.ask("POST", "auth/oidc/config", self.config) == (204, None)
        await self.role(**role)

    async def role(self, **role: Any) -> None:
        """Write the role."""
        body = {"user_claim": "sub", "allowed_redirect_uris": RETURN, "groups_claim": "groups", **role}
        assert (await self.server.ask("POST", "auth/oidc/role/r", body))[0] == 204

    async def address(self) -> str:
        """The address that a browser is sent to."""
        answer = await self.server.ask("POST", "auth/oidc/oidc/auth_url", {"redirect_uri": RETURN}, token="")
        address: str = answer[1]["data"]["auth_url"]
        return address

    async def __call__(self, **claims: Any) -> tuple[int, Any]:
        """Log in with a token that has ``claims``."""
        self.provider.claims = claims
        back = self.provider.log_in(await self.address())
        status, answer = await self.server.ask("GET", f"auth/oidc/oidc/callback?{urlencode(back)}", token="")
        return status, answer["auth"]["metadata"] if status == 200 else answer["errors"][0]

    async def groups(self, *wanted: str, **claims: Any) -> bool:
        """Whether a person with ``claims`` is in each of the ``wanted`` groups."""
        found = []
        for group in wanted:
            await self.role(bound_claims={"groups": [group]})
            found.append((await self(**claims))[0])
        assert set(found) <= {200, 400}, found
        return set(found) == {200}


def overage(address: str) -> dict[str, Any]:
    """Claims of a token that has too many groups to list them."""
    return {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": address}}}


async def test_too_many_groups_are_asked_for_at_graph(server: Server, provider: Provider, web: FakeWeb) -> None:
    log_in = Login(server, provider, {"provider": "azure", "graph_url": web.url})
    await log_in.ready()

    def members(asked: Asked) -> Any:
        if asked.method == "POST":
            assert json.loads(asked.body) == {"securityEnabledOnly": False}
            return {"value": ["id-1"], "@odata.nextLink": f"{web.url}{MEMBERS}?skip=1"}
        return {"value": ["id-2"]}

    web.paths[MEMBERS] = members
    assert await log_in.groups("id-1", "id-2", **overage(f"{web.url}{MEMBERS}"))
    assert {asked.bearer for asked in web.asked} == {"access"}
    assert not await log_in.groups("id-3", **overage(f"{web.url}{MEMBERS}"))
    web.paths["/v1.0/tenant/users/oid/getMemberObjects"] = {"value": ["old"]}
    assert await log_in.groups("old", **overage("https://graph.windows.net/tenant/users/oid/getMemberObjects"))
    web.paths["/v1.0/me/getMemberObjects"] = {"value": ["mine"]}
    assert await log_in.groups("mine", hasgroups=True)
    asked = len(web.asked)
    assert await log_in.groups("listed", groups=["listed"])
    assert len(web.asked) == asked


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/v1.0/users/oid/getMemberObjects",
        "https://graph.microsoft.com.evil.example/v1.0/users/oid/getMemberObjects",
        "https://graph.microsoft.com@evil.example/v1.0/users/oid/getMemberObjects",
        "http://169.254.169.254/latest/meta-data",
        "https://graph.microsoft.com/v1.0/me/messages",
        "https://graph.microsoft.com/v1.0/../x/getMemberObjects",
        7,
    ],
)
async def test_a_token_sends_us_nowhere_but_to_graph(
    server: Server, provider: Provider, web: FakeWeb, address: Any
) -> None:
    log_in = Login(server, provider, {"provider": "azure", "graph_url": web.url})
    await log_in.ready()
    assert await log_in(**overage(address)) == REFUSED
    assert web.asked == []


@pytest.mark.parametrize(
    "answer",
    [
        Answer({"error": "x"}, 403),
        Answer({"value": "x"}),
        Answer({"value": [1]}),
        Answer({"value": [], "@odata.nextLink": "https://evil.example/next"}),
        Answer({"value": [], "@odata.nextLink": 7}),
    ],
)
async def test_without_graph_there_is_no_login(
    server: Server, provider: Provider, web: FakeWeb, answer: Answer
) -> None:
    log_in = Login(server, provider, {"provider": "azure", "graph_url": f"{web.url}/v1.0/"})
    await log_in.ready()
    web.paths[MEMBERS] = answer
    assert await log_in(**overage(f"{web.url}{MEMBERS}")) == REFUSED
    assert await log_in() == (400, 'OpenBao login failed. failed to fetch groups: "groups" claim not found in token')


async def test_groups_by_name(server: Server, provider: Provider, web: FakeWeb) -> None:
    log_in = Login(server, provider, {"provider": "azure", "graph_url": web.url, "groups_as_names": True})
    await log_in.ready()
    names = {"id-1": "Admins", "id-2": "Staff"}

    def named(asked: Asked) -> Any:
        return {"value": [{"id": one, "displayName": names[one]} for one in json.loads(asked.body)["ids"]]}

    web.paths["/v1.0/directoryObjects/getByIds"] = named
    assert await log_in.groups("Admins", "Staff", groups=["id-1", "id-2"])
    assert not await log_in.groups("id-1", groups=["id-1"])
    web.paths["/v1.0/directoryObjects/getByIds"] = {"value": [{"id": "id-1", "displayName": "Admins"}]}
    assert await log_in(groups=["id-1", "id-2"]) == REFUSED


async def test_the_tenant_is_the_issuers(server: Server, provider: Provider) -> None:
    log_in = Login(server, provider, {"provider": "azure"})
    provider.url += "/tenant-1/v2.0"
    provider.prefix = "/tenant-1/v2.0"
    log_in.config["oidc_discovery_url"] = provider.url
    await log_in.ready()
    assert (await log_in(groups=["a"], tid="tenant-1"))[0] == 200
    for other in ("tenant-2", "", ["tenant-1"], 1):
        status, said = await log_in(groups=["a"], tid=other)
        assert (status, "(tid)" in said) == (400, True)


async def test_a_claim_that_may_have_been_cut_is_made_whole_by_okta(
    server: Server, provider: Provider, web: FakeWeb
) -> None:
    config = {"provider": "okta", "org_url": web.url, "api_token": "the-token", "groups_cap": 2}
    log_in = Login(server, provider, config)
    await log_in.ready()
    groups = "/api/v1/users/alice/groups"
    web.pages(groups, [[{"id": "1", "profile": {"name": "one"}}], [{"id": "2", "profile": {"name": "two"}}]])
    assert await log_in.groups("one", "two", groups=["one", "x"])
    assert await log_in.groups("two")
    assert {asked.headers["Authorization"] for asked in web.asked} == {"SSWS the-token"}
    asked = len(web.asked)
    assert await log_in.groups("one", groups=["one"])  # Short enough to be whole.
    assert len(web.asked) == asked
    shown = (await server.ask("GET", "auth/oidc/config"))[1]["data"]["provider_config"]
    assert shown == {"provider": "okta", "org_url": web.url, "groups_cap": 2}
    for answer in (Answer({"errorCode": "E0000011"}, 401), Answer([{"id": "1"}]), Answer([{"profile": {"name": ""}}])):
        web.paths[groups] = answer
        assert await log_in(groups=["one", "x"]) == REFUSED
    web.paths[groups] = Answer([], headers={"Link": '<https://evil.example/groups>; rel="next"'})
    assert await log_in(groups=["one", "x"]) == REFUSED


async def test_a_name_at_okta_stays_one_segment_of_the_path(server: Server, provider: Provider, web: FakeWeb) -> None:
    config = {"provider": "okta", "org_url": web.url, "api_token": "t", "user_id_claim": "uid"}
    log_in = Login(server, provider, config)
    await log_in.ready()
    assert await log_in(uid="../../../apps?x=") == REFUSED
    assert [asked.path for asked in web.asked] == ["/api/v1/users/..%2F..%2F..%2Fapps%3Fx%3D/groups"]
    for name in ("..", ".", ""):
        assert (await log_in(uid=name))[0] == 400
    assert len(web.asked) == 1


async def test_more_groups_than_anyone_has(
    server: Server, provider: Provider, web: FakeWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "MAX_GROUPS", 3)
    log_in = Login(server, provider, {"provider": "azure", "graph_url": web.url})
    await log_in.ready()
    web.paths[MEMBERS] = {"value": ["a", "b", "c", "c"]}
    assert (await log_in(**overage(f"{web.url}{MEMBERS}")))[0] == 200
    web.paths[MEMBERS] = {"value": ["a", "b", "c", "d"]}
    assert await log_in(**overage(f"{web.url}{MEMBERS}")) == REFUSED


@cache
def _rsa_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def service_account(web: FakeWeb, **changes: Any) -> str:
    """The key file of a service account."""
    pem = _rsa_key(2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    file = {"type": "service_account", "client_email": "sa@p.example", "private_key": pem, "private_key_id": "k1"}
    return json.dumps({**file, "token_uri": f"{web.url}/token", **changes})


class Directory:
    """Google's token endpoint and Directory API."""

    def __init__(self, web: FakeWeb) -> None:
        self.web = web
        self.groups = {"alice": ["a@example.com", "b@example.com"], "a@example.com": ["top@example.com"]}
        web.paths["/token"] = self._token
        web.paths["/admin/directory/v1/groups"] = self._groups

    def _token(self, asked: Asked) -> Any:
        assert asked.form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
        claims = jwt.decode(
            asked.form["assertion"], _rsa_key(2048).public_key(), ["RS256"], audience=f"{self.web.url}/token"
        )
        assert (claims["iss"], claims["sub"]) == ("sa@p.example", "admin@example.com")
        return {"access_token": "directory-token", "expires_in": 3600}

    def _groups(self, asked: Asked) -> Any:
        """One group a page."""
        assert (asked.bearer, asked.query["domain"]) == ("directory-token", "example.com")
        found, start = self.groups.get(asked.query["userKey"], []), int(asked.query.get("pageToken", "0"))
        page = {"groups": [{"email": one} for one in found[start : start + 1]]} if found else {}
        return page | ({"nextPageToken": str(start + 1)} if start + 1 < len(found) else {})


async def test_groups_of_the_directory(server: Server, provider: Provider, web: FakeWeb) -> None:
    directory = Directory(web)
    config = {
        "provider": "gsuite",
        "gsuite_service_account": service_account(web),
        "gsuite_admin_impersonate": "admin@example.com",
        "fetch_groups": True,
        "domain": "example.com",
        "hd": "example.com",
        "directory_url": web.url,
    }
    log_in = Login(server, provider, config)
    await log_in.ready()
    assert parse_qs(urlsplit(await log_in.address()).query)["hd"] == ["example.com"]
    assert await log_in.groups("a@example.com", "b@example.com", hd="example.com")
    assert not await log_in.groups("top@example.com", hd="example.com")
    log_in.config["provider_config"] = {**config, "groups_recurse_max_depth": 2}
    assert await server.ask("POST", "auth/oidc/config", log_in.config) == (204, None)
    assert await log_in.groups("top@example.com", hd="example.com")
    for elsewhere in ({}, {"hd": "gmail.example"}):
        status, said = await log_in(**elsewhere)
        assert (status, "(hd)" in said) == (400, True)
    shown = (await server.ask("GET", "auth/oidc/config"))[1]["data"]["provider_config"]
    assert "gsuite_service_account" not in shown and "PRIVATE" not in str(shown)
    directory.groups["alice"] = [""]
    assert await log_in(hd="example.com") == REFUSED
    for path in ("/admin/directory/v1/groups", "/token"):
        for answer in (Answer({}, 403), Answer([]), Answer({"groups": [{}], "access_token": ""})):
            web.paths[path] = answer
            assert await log_in(hd="example.com") == REFUSED


async def test_custom_schemas_of_the_directory(server: Server, provider: Provider, web: FakeWeb) -> None:
    Directory(web)
    schemas = {"Staff": {"team": "red"}, "sub": "mallory", "email": {"x": "y"}}
    web.paths["/admin/directory/v1/users/alice"] = {"customSchemas": schemas}
    config = {
        "provider": "gsuite",
        "gsuite_service_account": service_account(web),
        "gsuite_admin_impersonate": "admin@example.com",
        "fetch_user_info": True,
        "user_custom_schemas": "Staff,Other",
        "directory_url": web.url,
    }
    log_in = Login(server, provider, config)
    await log_in.ready(groups_claim="", claim_mappings={"/Staff/team": "team", "email": "email"})
    assert await log_in(email="alice@example.com") == (200, {"role": "r", "team": "red", "email": "alice@example.com"})
    asked = web.asked_for("/admin/directory/v1/users/alice")[0].query
    assert (asked["projection"], asked["customFieldMask"]) == ("custom", "Staff,Other")
    web.paths["/admin/directory/v1/users/alice"] = {"customSchemas": 1}
    assert await log_in(email="alice@example.com") == REFUSED


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"provider": "azure", "graph_url": "http://graph.example"}, "'graph_url'"),
        ({"provider": "azure", "groups_as_names": "maybe"}, "groups_as_names"),
        ({"provider": "okta"}, "'api_token' must be set"),
        ({"provider": "okta", "api_token": "t", "org_url": "http://okta.example"}, "'org_url'"),
        ({"provider": "okta", "api_token": "t", "groups_cap": 0}, "'groups_cap'"),
        ({"provider": "gsuite", "fetch_groups": True}, "'gsuite_service_account'"),
        ({"provider": "gsuite", "gsuite_service_account": "/etc/passwd"}, "'gsuite_service_account'"),
        ({"provider": "gsuite", "gsuite_service_account": "{}"}, "'gsuite_service_account'"),
        ({"provider": "gsuite", "groups_recurse_max_depth": -1}, "'groups_recurse_max_depth'"),
        ({"provider": "gsuite", "groups_recurse_max_depth": 11}, "'groups_recurse_max_depth'"),
        ({"provider": "gsuite", "directory_url": "https://x?y=z"}, "'directory_url'"),
    ],
)
async def test_settings_that_are_refused(server: Server, config: dict[str, Any], said: str) -> None:
    assert (await server.ask("POST", "sys/auth/oidc", {"type": "oidc"}))[0] == 204
    given = {"oidc_discovery_url": "https://login.example.com", "provider_config": config}
    status, answer = await server.ask("POST", "auth/oidc/config", given)
    assert (status, said in answer["errors"][0]) == (400, True), answer
    assert answer["errors"][0].startswith(f'invalid provider_config: error initializing "{config["provider"]}"')


async def test_a_key_file_names_no_address_without_tls(server: Server, web: FakeWeb) -> None:
    assert (await server.ask("POST", "sys/auth/oidc", {"type": "oidc"}))[0] == 204
    for changes in ({"token_uri": "http://oauth2.example/token"}, {"private_key": "x"}):
        config = {"provider": "gsuite", "gsuite_service_account": service_account(web, **changes)}
        given = {"oidc_discovery_url": "https://login.example.com", "provider_config": config}
        assert (await server.ask("POST", "auth/oidc/config", given))[0] == 400


async def test_a_token_that_is_shown_has_groups_fetched_too(server: Server, provider: Provider, web: FakeWeb) -> None:
    config = {"provider": "okta", "org_url": web.url, "api_token": "t"}
    log_in = Login(server, provider, config)
    await log_in.ready()
    role = {"role_type": "jwt", "user_claim": "sub", "bound_audiences": "client", "groups_claim": "groups"}
    assert (await server.ask("POST", "auth/oidc/role/shown", role))[0] == 204
    claims = {"iss": provider.url, "sub": "alice", "aud": "client", "exp": int(time.time()) + 60}
    shown = {"role": "shown", "jwt": jwt.encode(claims, provider.key, "ES256", headers={"kid": "first"})}
    assert await server.ask("POST", "auth/oidc/login", shown, token="") == (503, {"errors": [REFUSED[1]]})
    web.paths["/api/v1/users/alice/groups"] = [{"profile": {"name": "one"}}]
    assert (await server.ask("POST", "auth/oidc/login", shown, token=""))[0] == 200
