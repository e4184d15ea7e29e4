"""Dockerfile and compose files: no source, no rights to spare, secrets as files, the same numbers everywhere."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import yaml

from server.config import load_config
from tests.house.sources import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
PRODUCTION = yaml.safe_load((ROOT / "docker-compose.production.yml").read_text(encoding="utf-8"))
DEVELOPMENT_TEXT = (ROOT / "compose.yaml").read_text(encoding="utf-8")
DEVELOPMENT = yaml.safe_load(DEVELOPMENT_TEXT)
_SPEC = spec_from_file_location("strip", ROOT / "packaging/image/strip.py")
assert _SPEC is not None
assert _SPEC.loader is not None
_STRIP = module_from_spec(_SPEC)
_SPEC.loader.exec_module(_STRIP)
stripped = _STRIP.stripped
_ACCOUNT = "10001:10001"


def _service(compose: dict[str, Any]) -> dict[str, Any]:
    (service,) = compose["services"].values()
    found: dict[str, Any] = service
    return found


def _final_stage() -> str:
    return DOCKERFILE.rpartition("\nFROM ")[2]


def test_the_base_is_one_and_is_named_by_digest() -> None:
    assert re.search(r"^ARG BASE=[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$", DOCKERFILE, re.MULTILINE)
    assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) == ["${BASE}", "${BASE}"]


def test_only_the_lock_and_wheels_reach_the_builder() -> None:
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert [line for line in ignore if not line.startswith("#")] == [
        "*",
        "!requirements.lock",
        "!dist",
        "!packaging/image",
    ]
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE)
    assert " ".join(copied).split() == ["requirements.lock", "packaging/image/strip.py", "dist/*.whl", "dist/locked"]


def test_what_is_installed_is_locked_and_pip_goes() -> None:
    (locked, own) = re.findall(r"pip install ((?:[^&]|\\\n)*)", DOCKERFILE)
    assert "--require-hashes" in locked
    assert "--no-index" in locked
    assert "--no-deps" in own
    assert "--no-index" in own
    assert re.search(r"pip uninstall .*setuptools pip", DOCKERFILE)
    assert not re.search(r"apt-get|\bpip3? (?:install|download)|gcc|build-essential", _final_stage())


def test_a_stripped_object_still_loads(tmp_path: Path) -> None:
    """In a process of its own: two copies of one library don't belong into this one."""
    spec = find_spec("pybase64._pybase64")
    assert spec is not None
    assert spec.origin is not None
    whole = Path(spec.origin).read_bytes()
    copy = tmp_path / Path(spec.origin).name
    copy.write_bytes(stripped(whole))
    assert copy.stat().st_size < len(whole)
    code = "import _pybase64, sys; assert _pybase64.__file__ == sys.argv[1]; print(_pybase64.b64encode(b'abc'))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(copy)], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ("b'YWJj'\n", "")
    assert stripped(b"no object") == b"no object"


def test_the_image_runs_without_privileges() -> None:
    stage = _final_stage()
    assert f"\nUSER {_ACCOUNT}\n" in stage
    assert f"chown {_ACCOUNT} /var/lib/cryptoserve" in stage
    assert "\nHEALTHCHECK " in stage
    assert '\nENTRYPOINT ["cryptoserve"]\nCMD ["server", "-config=/etc/cryptoserve"]\n' in stage
    assert not re.search(r"(?i)^(?:ENV|ARG) .*(?:token|secret|password|key)", stage, re.MULTILINE)


def test_production_has_no_source_and_no_rights_to_spare() -> None:
    service = _service(PRODUCTION)
    assert "build" not in service
    assert all(not volume.startswith((".", "/", "~", "$")) for volume in service["volumes"]), "a folder of the host"
    assert service["user"] == _ACCOUNT
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"pids_limit", "mem_limit", "cpus"} <= service.keys()
    assert service["mem_limit"] == service["memswap_limit"], "keys would be swapped"
    assert int(service["stop_grace_period"].removesuffix("s")) > 15
    assert not {"privileged", "network_mode", "pid", "ipc", "cap_add", "devices", "env_file"} & service.keys()


def test_secrets_of_production_are_files() -> None:
    service = _service(PRODUCTION)
    assert not [name for name in service["environment"] if re.search("(?i)token|key|secret|password", name)]
    assert all(set(secret) == {"file"} for secret in PRODUCTION["secrets"].values())
    assert service["secrets"] == list(PRODUCTION["secrets"])


def test_the_configuration_of_production_loads(tmp_path: Path) -> None:
    text = PRODUCTION["configs"]["cryptoserve"]["content"]
    file = tmp_path / "c.hcl"
    file.write_text(text, encoding="utf-8")
    config = load_config([str(file)], {})
    assert config.warnings == ()
    (listener,) = config.listeners
    secrets = {f"/run/secrets/{name}" for name in PRODUCTION["secrets"]}
    assert {listener.tls_cert_file, listener.tls_key_file} <= secrets
    assert config.storage.options["path"].startswith("/var/lib/cryptoserve/")


def test_development_listens_on_this_machine_alone() -> None:
    service = _service(DEVELOPMENT)
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert "volumes" not in service
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^(\w+)=", example, re.MULTILINE)) == set(re.findall(r"\$\{(\w+)", DEVELOPMENT_TEXT))


def test_the_trial_of_the_image_holds_it_to_its_size_and_tells_where_it_cannot_run() -> None:
    """It takes minutes: `.ci/run` starts it, beside the suite."""
    script = (ROOT / "packaging/image/try-image.sh").read_text(encoding="utf-8")
    assert "\nLIMIT_BYTES=70000000\n" in script
    done = subprocess.run(
        ["bash", ROOT / "packaging/image/try-image.sh"],
        env={"PATH": "/nowhere", "BASH_ENV": ""},
        executable="/bin/bash",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (77, "")
    assert "try-image: not tried: needs " in done.stderr
    assert "packaging/image/try-image.sh >/dev/null || [ $? -eq 77 ]\n" in (ROOT / ".ci/run").read_text(
        encoding="utf-8"
    )
