"""The program: flags in every spelling, and commands of any package."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import pytest

from cryptoserve_cli import completion, installed
from cryptoserve_cli.command import Command, CommandFailed, Invocation, group
from cryptoserve_cli.dispatch import run, run_command
from cryptoserve_cli.flags import Flag, UsageError, parse_flags

KNOWN = (
    Flag("config", "files", environment=("BAO_CONFIG", "VAULT_CONFIG")),
    Flag("dev", "a switch", takes_value=False, environment=("BAO_DEV",)),
)


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
        (["--", "-dev"], "unexpected argument: -dev"),
        (["-dev=maybe"], "invalid boolean value 'maybe' for dev"),
    ],
)
def test_unknown_flags_are_refused(arguments: list[str], expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        parse_flags(arguments, KNOWN, {})


@dataclass(frozen=True)
class Point:
    """An entry point, as another package declares one."""

    name: str
    found: object

    def load(self) -> object:
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


@pytest.fixture
def others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands of other packages: one that works, one that can't be imported, one that is none."""

    def shout(invocation: Invocation) -> int:
        if invocation.flags.has("fail"):
            raise CommandFailed("no voice")
        sys.stdout.write(" ".join(invocation.flags.operands).upper() + invocation.environment.get("MARK", ""))
        return 7

    command = Command("Shout", shout, (Flag("fail", "Fail.", takes_value=False),), ("WORD",))
    points = [Point("shout", command), Point("broken", ImportError("no module named x")), Point("odd", "text")]
    monkeypatch.setattr(installed, "_points", lambda: {point.name: point for point in points})


@pytest.mark.usefixtures("others")
def test_commands_of_other_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["shout", "hello"], {"MARK": "!"}) == 7
    assert capsys.readouterr().out == "HELLO!"
    assert run_command(["shout", "-fail", "hello"], {}) == 1
    assert capsys.readouterr().err == "no voice\n"
    assert run_command(["broken"], {}) == 1
    assert capsys.readouterr().err == "the command broken can't be loaded: ImportError: no module named x\n"
    assert run_command(["odd"], {}) == 1
    assert capsys.readouterr().err == "the command odd can't be loaded: it is no Command\n"
    assert run_command(["-h"], {}) == 0
    assert "  broken      (can't be loaded)\n" in capsys.readouterr().out
    assert "shout" in completion.SHELLS["bash"](completion._commands())


def test_statuses_of_mistakes(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(invocation: Invocation) -> int:
        raise CommandFailed("no voice")

    shout = Command("Shout", fail, (Flag("loud", "Be loud."),), failed_status=3, usage_status=4)
    assert run("shout", shout, [], {}) == 3
    assert run("shout", shout, ["-loud"], {}) == 4
    assert run("voice", group("Speak", {"shout": shout}), ["shuot"], {}) == 2
    assert capsys.readouterr().err.splitlines() == [
        "no voice",
        "flag needs an argument: -loud; cryptoserve shout -h tells more",
        "unknown command: voice shuot; did you mean shout?",
    ]
