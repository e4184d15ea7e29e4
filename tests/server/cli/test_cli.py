"""The commands of an installed server: help, versions, and refusals in one line."""

from __future__ import annotations

import re
from datetime import timedelta
from importlib import metadata
from pathlib import Path

import pytest

from cryptoserve_cli.dispatch import run_command
from cryptoserve_cli.installed import find_command
from server.processes.development import DevelopmentKeys, banner, store_token, token_file
from server.runtime.version import VERSION
from tests.support.certificates import write_certificate
from tests.support.command_names import COMMANDS


@pytest.mark.parametrize("arguments", [["version"], ["-version"], ["--version"]])
def test_version(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(arguments, {}) == 0
    assert (
        capsys.readouterr().out == f"CryptoServe v{VERSION}\nCryptoServe SDK v{metadata.version('cryptoserve-sdk')}\n"
    )


@pytest.mark.parametrize("arguments", [["-h"], ["help"], ["--help"]])
def test_help_names_every_command(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(arguments, {}) == 0
    text = capsys.readouterr().out
    assert re.findall(r"^  (\w+) ", text, re.MULTILINE) == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_names_every_flag_and_operand(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = find_command(name)
    for arguments in ([name, "-h"], [name, "-nope", "-help"], ["help", name]):
        assert run_command(arguments, {}) == 0
        text = capsys.readouterr().out
        assert re.findall(r"^  -([\w-]+)", text, re.MULTILINE) == [flag.name for flag in command.flags]
        first = text.splitlines()[0]
        assert first == " ".join(["Usage: cryptoserve", name, *["[flags]"] * bool(command.flags), *command.operands])
        assert command.help in text


@pytest.mark.parametrize(
    ("arguments", "status", "expected"),
    [
        ([], 2, "a command is missing; cryptoserve -h lists them"),
        (["serve"], 2, "unknown command: serve; did you mean server?"),
        (["stat", "-h"], 2, "unknown command: stat; did you mean status?"),
        (["token", "create"], 2, "unknown command: token; cryptoserve -h lists the commands"),
        (["help", "serve"], 2, "unknown command: serve; did you mean server?"),
        (["server", "-confg=a"], 1, "flag provided but not defined: -confg; did you mean -config?"),
        (["server", "-nope"], 1, "flag provided but not defined: -nope; cryptoserve server -h tells more"),
        (["server", "file"], 1, "unexpected argument: file; cryptoserve server -h tells more"),
        (["server"], 1, "expected at least one configuration file (-config), or -dev"),
        (["server", "-dev", "-dev-listen-address=x"], 1, 'the address to listen on in -dev mode: expected "host:port"'),
        (["server", "-dev", "-log-level=loud"], 1, "flag -log-level: expected one of trace, debug, info, warn, error"),
        (["server", "-config=/nowhere/c.hcl"], 1, "can't read /nowhere/c.hcl: No such file or directory"),
        (["backup"], 1, "an argument is missing: FILE; cryptoserve backup -h tells more"),
        (["restore", "a", "b"], 1, "unexpected argument: b; cryptoserve restore -h tells more"),
        (["backup", "f"], 1, "expected the server's configuration (-config); cryptoserve backup -h tells more"),
        (["restore", "-config=/nowhere/c.hcl", "f"], 1, "can't read /nowhere/c.hcl: No such file or directory"),
        (["completion", "csh"], 1, "expected bash, zsh, fish, got 'csh'; cryptoserve completion -h tells more"),
        (
            ["status", "-format=xml"],
            1,
            "-format: expected table or json, got 'xml'; cryptoserve status -h tells more",
        ),
    ],
)
def test_refusals_are_one_line(
    arguments: list[str], status: int, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(arguments, {}) == status
    assert capsys.readouterr() == ("", f"{expected}\n")


GOOD = """
storage "sqlite" {
  path = "data/store.db"
}
listener "tcp" {
  address = "127.0.0.1:0"
}
audit "file" "main" {
  options {
    file_path = "audit.log"
  }
}
"""


def test_a_configuration_that_is_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is made or opened, so that it can be tested by another account, and beside a server."""
    monkeypatch.chdir(tmp_path)
    Path("c.hcl").write_text(GOOD + "cluster_nam = 5\n")
    assert run_command(["server", "-test-config", "-config=c.hcl"], {}) == 0
    printed = capsys.readouterr()
    assert printed.out == "the configuration is valid\n"
    assert printed.err.startswith("warning: ")
    assert "cluster_name" in printed.err
    assert [path.name for path in tmp_path.iterdir()] == ["c.hcl"]


def test_a_certificate_that_has_ended_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_certificate(tmp_path, "shop", begins=timedelta(days=-2), ends=timedelta(days=-1))
    pair = 'tls_cert_file = "shop.pem"\n  tls_key_file = "shop.key"'
    Path("c.hcl").write_text(f'{GOOD}listener "tcp" {{\n  address = "127.0.0.1:8443"\n  {pair}\n}}\n')
    assert run_command(["server", "-test-config", "-config=c.hcl"], {}) == 0
    assert 'warning: listener 127.0.0.1:8443: the certificate "shop" in ' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ('max_lease_ttl = "soon"', "max_lease_ttl: expected"),
        ('algorithm_providers = "ml-kem-768=nobody"', "algorithm_providers: "),
        ('seal "static" {\n  current_key_id = "a"\n  current_key = "file:///nowhere"\n}', "can't read"),
        (
            'listener "tcp" {\n  address = "127.0.0.1:0"\n  tls_cert_file = "a.pem"\n  tls_key_file = "a.key"\n}',
            "can't use tls_cert_file a.pem with tls_key_file a.key: No such file or directory",
        ),
        ('audit "file" "other" {\n}', 'audit "file" "other": file_path is required'),
        ('audit "carrier-pigeon" "other" {\n}', 'audit "carrier-pigeon" "other": '),
    ],
)
def test_a_configuration_that_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], more: str, expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.hcl").write_text(f"{GOOD}{more}\n")
    assert run_command(["server", "-test-config", "-config=c.hcl"], {}) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert expected in printed.err
    assert printed.err.count("\n") == 1


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
