"""Entries of the audit: who called, and why a request was refused, in the files that both servers write.

``auth`` and ``error`` are compared; the rest of an entry is held against observed ones in ``tests/server/audit``.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.pair import subject, uninitialised_pair
from tests.conformance.play import play
from tests.conformance.steps import INITIALISE, NO_TOKEN, Json, Scenario, Servers, Step

_POLICY = 'path "sys/mounts" { capabilities = ["read"] }'
_WRAPPED = {"X-Vault-Wrap-TTL": "60"}

_STEPS = (
    Step("policy", "POST sys/policies/acl/p", 204, {"policy": _POLICY}),
    Step("token", "POST auth/token/create", 200, {"policies": ["p"], "ttl": "1h"},
         saves={"token": "auth.client_token"}),
    Step("allowed", "GET sys/mounts", 200, token="{token}"),
    Step("denied", "GET sys/auth", 403, token="{token}"),
    Step("denied what isn't there", "GET nope/x", 403, token="{token}"),
    Step("a wrong token", "GET sys/auth", 403, token="nope"),
    Step("no token", "GET sys/auth", 403, token=NO_TOKEN),
    Step("limited", "POST auth/token/create", 200, {"policies": ["p"], "num_uses": 3},
         saves={"limited": "auth.client_token"}),
    Step("a first use", "GET sys/mounts", 200, token="{limited}"),
    Step("a use that is denied", "GET sys/auth", 403, token="{limited}"),
    Step("the last use", "GET sys/mounts", 200, token="{limited}"),
    Step("no use more", "GET sys/mounts", 403, token="{limited}"),
    Step("batch", "POST auth/token/create", 200, {"policies": ["p"], "type": "batch", "ttl": "1h"},
         saves={"batch": "auth.client_token"}),
    Step("a batch token", "GET sys/mounts", 200, token="{batch}"),
    Step("a batch token denied", "GET sys/auth", 403, token="{batch}"),
    Step("users", "POST sys/auth/up", 204, {"type": "userpass"}),
    Step("user", "POST auth/up/users/u", 204, {"password": "p"}),
    Step("log in", "POST auth/up/login/u", 200, {"password": "p"}, token=NO_TOKEN, saves={"user": "auth.client_token"}),
    Step("a wrong password", "POST auth/up/login/u", 400, {"password": "x"}, token=NO_TOKEN),
    Step("roles", "POST sys/auth/roles", 204, {"type": "approle"}),
    Step("role", "POST auth/roles/role/r", 204, {}),
    Step("its id", "GET auth/roles/role/r/role-id", 200, saves={"role_id": "data.role_id"}),
    Step("a wrong secret", "POST auth/roles/login", 400, {"role_id": "{role_id}", "secret_id": "x"}, token=NO_TOKEN),
    Step("the user", "GET sys/mounts", 403, token="{user}"),
    Step("a wrong verb of a login", "GET auth/up/login/u", 405, token=NO_TOKEN),
    Step("mounts without a token", "GET sys/internal/ui/mounts", 200, token=NO_TOKEN),
    Step("mounts with a token", "GET sys/internal/ui/mounts", 200, token="{token}"),
    Step("wrap", "POST sys/wrapping/wrap", 200, {"a": "b"}, headers=_WRAPPED, saves={"wrapped": "wrap_info.token"}),
    Step("look at it", "POST sys/wrapping/lookup", 200, {"token": "{wrapped}"}, token=NO_TOKEN),
    Step("look at it with a token", "POST sys/wrapping/lookup", 200, {"token": "{wrapped}"}, token="{token}"),
    Step("wrapped", "POST auth/token/create", 200, {"policies": ["p"]}, headers=_WRAPPED),
    Step("refused", "POST sys/mounts/x", 400, {"type": "nope"}),
    Step("a wrong verb", "POST sys/mounts", 405, {}),
    Step("no such path", "GET sys/nope", 404),
    Step("end it", "POST auth/token/revoke-self", 204, token="{token}"),
    Step("it ended", "GET sys/mounts", 403, token="{token}"),
)  # fmt: skip

_NAMED = re.compile(r"hmac-sha256:[0-9a-f]{64}|\d{4}-\d\d-\d\dT[\d:]+Z|[0-9a-f]{8}-[0-9a-f-]{27}")


def test_entries_name_callers_and_reasons_alike(tmp_path: Path) -> None:
    if missing := subject().missing():
        pytest.skip(missing)
    # Each server writes a file of this name into its own working directory.
    device: dict[str, Json] = {"type": "file", "options": {"file_path": "entries.log"}}
    enable = Step("enable", "POST sys/audit/file", 204, device)
    scenario = Scenario("audit-entries", (*INITIALISE, enable, *_STEPS), servers=Servers.UNINITIALISED)
    with uninitialised_pair(tmp_path, "unsafe_allow_api_audit_creation = true\n") as pair:
        played = play(scenario, pair)
    assert [(item.step.name, item.openbao.status, item.subject.status) for item in played] == [
        (item.step.name, item.step.status, item.step.status) for item in played
    ]
    theirs, ours = _entries(tmp_path / "reference"), _entries(tmp_path / "subject")
    assert len(theirs) == len(_STEPS) * 2
    assert ours == theirs


def _entries(directory: Path) -> list[dict[str, Any]]:
    """Every entry but those of the device's own making, as what is compared of it."""
    lines = (directory / "entries.log").read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    return [_compared(entry) for entry in entries if not entry["request"]["path"].startswith("sys/audit")]


def _compared(entry: dict[str, Any]) -> dict[str, Any]:
    request = entry["request"]
    shown = json.dumps(
        {
            "what": [entry["type"], request["operation"], request["path"]],
            "auth": entry["auth"],
            "error": entry.get("error"),
            "given": entry.get("response", {}).get("auth"),
        }
    )
    found: dict[str, Any] = json.loads(_NAMED.sub("<hidden>", shown))
    return found
