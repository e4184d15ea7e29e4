"""``bao agent`` from the real program: it logs in by AppRole, renders a template, renews, and logs in again.

A service that can't speak this API itself stands behind such an agent, so the agent must get on with us alone, for
ever, and whatever happens to its token. TTLs are seconds, and everything is waited for by looking, against a bound.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from tests.support.products import require_bao
from tests.support.servers import Server
from tests.support.waiting import wait_until

T = TypeVar("T")

_CONFIGURATION = """
vault { address = "%s" }
auto_auth {
  method "approle" {
    mount_path  = "auth/%s"
    min_backoff = "100ms"
    config = {
      role_id_file_path   = "role_id"
      secret_id_file_path = "secret_id"
      remove_secret_id_file_after_reading = false
    }
  }
  sink "file" { config = { path = "token" } }
}
template_config { static_secret_render_interval = "1s" }
template {
  contents    = "{{ with secret \\"%s/keys/orders\\" }}version {{ .Data.latest_version }}{{ end }}"
  destination = "rendered"
}
"""


def test_it_logs_in_renders_renews_and_logs_in_again(development: Server, transit: str, tmp_path: Path) -> None:
    _prepare(development, transit, tmp_path)
    with _agent(tmp_path):
        assert _await(tmp_path, lambda: _read(tmp_path / "rendered")) == "version 1"
        token = _await(tmp_path, lambda: _read(tmp_path / "token"))
        assert _await(tmp_path, lambda: _lookup(development, token).get("last_renewal")), "it renews its token"

        development.request("POST", f"{transit}/keys/orders/rotate").data()
        _await(tmp_path, lambda: _read(tmp_path / "rendered") == "version 2")

        assert development.request("POST", "auth/token/revoke", {"token": token}).status == 204
        _await(tmp_path, lambda: _read(tmp_path / "token") not in (token, ""))
        second = _read(tmp_path / "token")
        shown = _lookup(development, second)
        assert (shown["path"], shown["meta"]["role_name"]) == (f"auth/{transit}-agents/login", "agent")
        development.request("POST", f"{transit}/keys/orders/rotate").data()
        _await(tmp_path, lambda: _read(tmp_path / "rendered") == "version 3")


def _prepare(server: Server, transit: str, directory: Path) -> None:
    """A key, a role that may read it and whose tokens live for seconds, and what the agent needs to log in as it."""
    agents = f"{transit}-agents"
    server.request("POST", f"{transit}/keys/orders", {}).data()
    policy = f'path "{transit}/keys/orders" {{ capabilities = ["read"] }}'
    server.request("POST", f"sys/policies/acl/{agents}", {"policy": policy}).data()
    server.request("POST", f"sys/auth/{agents}", {"type": "approle"}).data()
    settings = {"token_policies": agents, "token_ttl": "2s", "token_max_ttl": "1h"}
    server.request("POST", f"auth/{agents}/role/agent", settings).data()
    role_id = server.request("GET", f"auth/{agents}/role/agent/role-id").data()["role_id"]
    secret_id = server.request("POST", f"auth/{agents}/role/agent/secret-id", {}).data()["secret_id"]
    (directory / "role_id").write_text(role_id, encoding="utf-8")
    (directory / "secret_id").write_text(secret_id, encoding="utf-8")
    (directory / "agent.hcl").write_text(_CONFIGURATION % (server.address, agents, transit), encoding="utf-8")


@contextmanager
def _agent(directory: Path) -> Iterator[None]:
    """The agent at work in ``directory``."""
    command = [str(require_bao()), "agent", "-config=agent.hcl"]
    with (directory / "agent.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=directory, env={"HOME": str(directory)}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait()


def _lookup(server: Server, token: str) -> dict[str, Any]:
    answer = server.request("POST", "auth/token/lookup", {"token": token})
    return answer.data() if answer.status == 200 else {}


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _await(directory: Path, look: Callable[[], T]) -> T:
    """What ``look`` finds, as soon as it finds something."""
    return wait_until(look, lambda: f"the agent says:\n{_read(directory / 'agent.log')[-2000:]}", pause=0.05)
