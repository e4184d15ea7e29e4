"""The command line: flags, help, versions, and refusals in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.cli import SERVER_FLAGS, run_command
from server.config import Config
from server.config.flags import Flag, UsageError, parse_flags
from server.processes.development import DevelopmentKeys, banner, store_token, token_file
from server.processes.worker_loop import Member, Service

KNOWN = (
    Flag("config", "files", environment=("BAO_CONFIG", "VAULT_CONFIG")),
    Flag("dev", "a switch", takes_value=False, environment=("BAO_DEV",)),
)


async def never(config: Config, member: Member) -> Service:
    """Not reached: what is tested here ends before anything is opened."""
    raise AssertionError(config)


@pytest.mark.parametrize(
    "arguments",
    [["-config=a", "-config=b"], ["--config", "a", "-config", "b"], ["-config", "a", "-dev=false", "--config=b"]],
)
def test_values_in_each_spelling(arguments: list[str]) -> None:
    flags = parse_flags(arguments, KNOWN, {"BAO_CONFIG": "c", "BAO_DEV": ""})
    assert flags.all("config") == ("a", "b")
    assert flags.last("config") == "b"
    assert not flags.has("dev")


@pytest.mark.parametrize("argument", ["-dev", "--dev", "-dev=true", "-dev=1"])
def test_switches_in_each_spelling(argument: str) -> None:
    flags = parse_flags([argument, "-config="], KNOWN, {})
    assert flags.has("dev")
    assert flags.all("config") == ("",)


def test_environment_stands_in_for_flags() -> None:
    flags = parse_flags([], KNOWN, {"BAO_CONFIG": "b", "VAULT_CONFIG": "v", "BAO_DEV": "true"})
    assert flags.all("config") == ("b",)
    assert flags.has("dev")
    flags = parse_flags(["-dev=false"], KNOWN, {"VAULT_CONFIG": "v", "BAO_DEV": "true"})
    assert flags.all("config") == ("v",)
    assert not flags.has("dev")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-conf=a"], "flag provided but not defined: -conf"),
        (["-config"], "flag needs an argument: -config"),
        (["file"], "unexpected argument: file"),
        (["--"], "unexpected argument: --"),
        (["-dev=maybe"], "invalid boolean value 'maybe' for dev"),
    ],
)
def test_unknown_flags_are_refused(arguments: list[str], expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        parse_flags(arguments, KNOWN, {})


@pytest.mark.parametrize("arguments", [["version"], ["-version"], ["--version"]])
def test_version(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(arguments, {}, never) == 0
    assert capsys.readouterr().out.startswith("CryptoServe ")


@pytest.mark.parametrize("arguments", [["-h"], ["help"], ["server", "-help"]])
def test_help_names_every_flag(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(arguments, {}, never) == 0
    text = capsys.readouterr().out
    assert all(f"-{flag.name}" in text for flag in SERVER_FLAGS)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "a command is missing"),
        (["serve"], "unknown command: serve"),
        (["server", "-nope"], "flag provided but not defined: -nope"),
        (["server"], "expected at least one configuration file (-config), or -dev"),
        (["server", "-dev", "-dev-listen-address=x"], 'the address to listen on in -dev mode: expected "host:port"'),
        (["server", "-dev", "-log-level=loud"], "flag -log-level: expected one of trace, debug, info, warn, error"),
        (["server", "-config=/nowhere/c.hcl"], "can't read /nowhere/c.hcl: No such file or directory"),
    ],
)
def test_refusals_are_one_line_and_status_1(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(arguments, {}, never) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines()[0] == expected


def test_banner_has_what_to_paste() -> None:
    text = banner(
        ["unix:///s", "http://127.0.0.1:8200"], DevelopmentKeys("dW5zZWFs", "s.root"), Path("/home/a/.vault-token")
    )
    assert "export BAO_ADDR=http://127.0.0.1:8200 VAULT_ADDR=http://127.0.0.1:8200\n" in text
    assert "export BAO_TOKEN=s.root VAULT_TOKEN=s.root\n" in text
    assert "Unseal Key: dW5zZWFs\nRoot Token: s.root\n" in text
    assert "/home/a/.vault-token" in text
    assert "s.root" not in repr(DevelopmentKeys("dW5zZWFs", "s.root"))


def test_the_token_is_left_where_clients_look(tmp_path: Path) -> None:
    path = token_file({"HOME": str(tmp_path)})
    assert path == tmp_path / ".vault-token"
    assert token_file({"HOME": "/x", "BAO_TOKEN_PATH": "/a", "VAULT_TOKEN_PATH": "/b"}) == Path("/a")
    path.write_text("older")
    path.chmod(0o644)
    store_token("s.root", path)
    assert path.read_text() == "s.root"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == [".vault-token"]
    with pytest.raises(OSError, match="No such file"):
        store_token("s.root", tmp_path / "none" / "file")
