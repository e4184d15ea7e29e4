"""The documentation and the example follow the tables of words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from compat.hcl import Block, Body, parse
from server.audit.devices.file import FileDevice
from server.audit.options import OPTIONS
from server.cli import SERVER_FLAGS
from server.config import load_config, words
from server.config.words import Kind, Word
from server.flags import Flag

ROOT = Path(__file__).parents[2]
TABLES = {
    "Top level": words.TOP,
    'listener "tcp"': words.LISTENER_TCP,
    'listener "unix"': words.LISTENER_UNIX,
    "telemetry, of a listener": words.LISTENER_BLOCKS["telemetry"],
    "inflight_requests_logging, of a listener": words.LISTENER_BLOCKS["inflight_requests_logging"],
    'storage "inmem"': words.STORAGE["inmem"],
    'storage "sqlite"': words.STORAGE["sqlite"],
    'seal "shamir"': words.SEALS["shamir"],
    'seal "static"': words.SEALS["static"],
    "audit TYPE PATH": words.AUDIT,
}


def default(word: Word) -> str:
    """The default as the documentation writes it."""
    if word.required:
        return "required"
    if word.default in ("", ()):
        return "unset"
    if word.kind is Kind.BOOL:
        return f"`{str(word.default).lower()}`"
    if word.kind is Kind.MODE:
        return f"`0{word.default:o}`"
    if word.kind is Kind.SIZE:
        return f"`{word.default // 1024**2}MiB`"
    if word.kind is Kind.DURATION:
        hours, seconds = divmod(word.default, 3600)
        return f"`{hours}h`" if hours and not seconds else f"`{word.default}s`"
    return f"`{word.default}`"


def row(word: Word) -> str:
    """The line of ``word`` in the documentation."""
    kind = "`" + "`, `".join(word.choices) + "`" if word.choices else word.kind.value
    variables = " Environment: " + ", ".join(f"`{name}`" for name in word.environment) + "." if word.environment else ""
    return f"| `{word.name}` | {kind} | {default(word)} | {word.help}{variables} |"


def flag_row(flag: Flag) -> str:
    """The line of ``flag`` in the documentation."""
    variables = ", ".join(f"`{name}`" for name in flag.environment)
    return f"| `-{flag.name}` | {variables} | {flag.help} |"


def sections() -> dict[str, str]:
    parts = re.split(r"^##+ (.*)$", (ROOT / "docs/configuration.md").read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def rows_in(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("| `")]


@pytest.mark.parametrize("title", TABLES)
def test_every_word_is_documented(title: str) -> None:
    assert rows_in(sections()[title]) == [row(word) for word in TABLES[title]]


@pytest.mark.parametrize(
    ("title", "options"),
    [
        ("options, of an audit device", OPTIONS),
        ("options, of an audit device of type file", FileDevice.options),
    ],
)
def test_every_option_of_audit_devices_is_documented(title: str, options: Mapping[str, str]) -> None:
    assert rows_in(sections()[title]) == [f"| `{name}` | {text} |" for name, text in options.items()]


def test_every_flag_is_documented() -> None:
    assert rows_in(sections()["Flags"]) == [flag_row(flag) for flag in SERVER_FLAGS]


def test_every_ignored_word_is_documented() -> None:
    ignored = (
        words.IGNORED_TOP
        | words.IGNORED_LISTENER
        | words.IGNORED_TELEMETRY
        | words.IGNORED_STORAGE
        | words.IGNORED_SEAL
    )
    assert set(re.findall(r"`(\w+)`", sections()["Words without effect"])) == ignored | {"telemetry"}


def _example(*, uncommented: bool) -> str:
    text = (ROOT / "config.hcl.example").read_text()
    return re.sub(r"^(\s*)# (\w+\s*=)", r"\1\2", text, flags=re.MULTILINE) if uncommented else text


def test_the_example_loads_without_an_unknown_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for uncommented in (False, True):
        file = tmp_path / "config.hcl"
        file.write_text(_example(uncommented=uncommented))
        file.chmod(0o600)
        config = load_config([str(file)], {})
        assert [listener.http2 for listener in config.listeners] == [not uncommented, False, False]
        assert config.audit[0].options == {"file_path": "audit.log"}
        assert not [warning for warning in config.warnings if "unknown" in warning or "no effect" in warning]


def test_the_example_has_every_word() -> None:
    body = parse(_example(uncommented=True))

    def names(blocks: Sequence[Body]) -> set[str]:
        return {item.name for block in blocks for item in block.items}

    def bodies(name: str, label: str, labels: int = 1) -> list[Body]:
        return [block.body for block in body.blocks(name, labels) if block.labels[0] == label]

    assert names([body]) >= {word.name for word in words.TOP}
    assert {item.labels[0] for item in body.items if isinstance(item, Block) and item.name == "seal"} == {"static"}
    shared = {word.name for word in words.LISTENER_TCP} & {word.name for word in words.LISTENER_UNIX}
    tcp, unix = bodies("listener", "tcp"), bodies("listener", "unix")
    assert names(tcp) >= {word.name for word in words.LISTENER_TCP}
    assert names(unix) >= {word.name for word in words.LISTENER_UNIX} - shared
    for name, table in words.LISTENER_BLOCKS.items():
        inner = [block.body for listener in tcp for block in listener.blocks(name, labels=0)]
        assert names(inner) >= {word.name for word in table}
    assert names(bodies("storage", "sqlite")) >= {word.name for word in words.STORAGE["sqlite"]}
    assert names(bodies("seal", "static")) >= {word.name for word in words.SEALS["static"]}
    assert names(bodies("audit", "file", 2)) >= {word.name for word in words.AUDIT} | {"options"}
