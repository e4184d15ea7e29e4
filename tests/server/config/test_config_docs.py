"""The documentation and the example follow the tables of words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from compat import queries
from compat.hcl.reader import Attribute, Block, Body, parse
from compat.json import text
from cryptoserve_cli.flags import Flag
from server.audit.devices.file import FileDevice
from server.audit.ledger.device.device import LedgerDevice
from server.audit.options import OPTIONS
from server.cli.server import FLAGS
from server.config import load_config
from server.config import schema as words
from server.config.schema import Kind, Setting
from server.config.source import NOWHERE
from server.config.values import convert
from server.listeners.head_limits import MAX_HEAD_BYTES
from server.pipeline.large_bodies import FEW_BYTES, PLAIN_BODY_BYTES
from server.tenants.namespaces.names import MAX_DEPTH as MAX_NESTED
from server.tenants.namespaces.table import MAX_NAMESPACES
from server.tenants.policies import passwords, store
from server.tenants.tokens import wrapping_usage

ROOT = Path(__file__).parents[3]
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
    'tracing "otlp"': words.TRACING["otlp"],
}


def default(word: Setting) -> str:
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


def row(word: Setting) -> str:
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
        ("options, of an audit device of type ledger", LedgerDevice.options),
    ],
)
def test_every_option_of_audit_devices_is_documented(title: str, options: Mapping[str, str]) -> None:
    assert rows_in(sections()[title]) == [f"| `{name}` | {text} |" for name, text in options.items()]


def test_every_flag_is_documented() -> None:
    assert rows_in(sections()["Flags"]) == [flag_row(flag) for flag in FLAGS]


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
    """The text, with what is commented out as a setting or a block if ``uncommented``."""
    text = (ROOT / "config.hcl.example").read_text()
    if uncommented:
        text = re.sub(r"^# (  \w+ = .*|\w+ \"\w+\" \{|\})$", r"\1", text, flags=re.MULTILINE)
        text = re.sub(r"^(\s*)# (\w+\s*=)", r"\1\2", text, flags=re.MULTILINE)
    return text


def test_the_example_loads_without_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("unseal-2026-01.key", "unseal-2025-07.key"):
        (tmp_path / name).touch(0o600)
    for uncommented in (False, True):
        file = tmp_path / "config.hcl"
        file.write_text(_example(uncommented=uncommented).replace("/etc/cryptoserve", str(tmp_path)))
        file.chmod(0o600)
        config = load_config([str(file)], {})
        kinds = [listener.type for listener in config.listeners]
        assert kinds == (["tcp", "unix"] if uncommented else ["tcp"])
        assert config.seal.type == ("static" if uncommented else "shamir")
        assert config.audit[0].options == {"file_path": "audit.log"}
        assert config.warnings == ()


NOT_THE_DEFAULT = {("max_batch_items", 100)}
"""What the example says otherwise, with the reason beside it."""


def _settings(body: Body, table: Sequence[Setting]) -> Iterator[tuple[Setting, Any]]:
    """The values in ``body`` with their words, converted; those of blocks in listeners included."""
    known = {word.name: word for word in table}
    for item in body.items:
        if isinstance(item, Block) and item.name in words.LISTENER_BLOCKS:
            yield from _settings(item.body, words.LISTENER_BLOCKS[item.name])
        elif isinstance(item, Attribute):
            yield known[item.name], convert(known[item.name], item.value, NOWHERE)


def _all_settings(*, uncommented: bool) -> list[tuple[Setting, Any]]:
    body = parse(_example(uncommented=uncommented))
    found = [*_settings(Body(tuple(i for i in body.items if isinstance(i, Attribute)), body.position), words.TOP)]
    for name, tables in (
        ("listener", words.LISTENERS),
        ("storage", words.STORAGE),
        ("seal", words.SEALS),
        ("tracing", words.TRACING),
    ):
        for block in body.blocks(name, 1):
            found += _settings(block.body, tables[block.labels[0]])
    for block in body.blocks("audit", 2):
        found += _settings(block.body, words.AUDIT)
    return found


def test_values_of_the_example_are_the_defaults() -> None:
    """A word that has no default is commented out, unless it must be given."""
    settings = _all_settings(uncommented=True)
    assert len(settings) > 50
    different = {(word.name, value) for word, value in settings if word.default not in ("", (), None, value)}
    assert different == NOT_THE_DEFAULT
    shown = {word.name for word, _ in _all_settings(uncommented=False)}
    assert shown == {word.name for word, _ in settings if word.default not in ("", (), None)} - {
        "disabled",
        "socket_mode",
        "service_name",
        "sample_percent",
    } | {"path"}


def test_the_example_tells_why_a_value_is_not_the_default() -> None:
    for name, value in NOT_THE_DEFAULT:
        (word,) = (word for word in words.TOP if word.name == name)
        comment = re.search(rf"((?:^#.*\n)+){name} = {value}$", _example(uncommented=False), re.MULTILINE)
        assert comment
        assert f"not the default, which is {word.default}" in comment[1]


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
    assert names(bodies("tracing", "otlp")) >= {word.name for word in words.TRACING["otlp"]}
    assert names(bodies("audit", "file", 2)) >= {word.name for word in words.AUDIT} | {"options"}


def test_limits_are_told_to_who_moves_here() -> None:
    """In docs/migration.md, those that are tighter than OpenBao's."""
    page = (ROOT / "docs/migration.md").read_text(encoding="utf-8").split("## Limits")[1].split("\n## ")[0]
    ((_, exampled),) = NOT_THE_DEFAULT
    by_name = {word.name: word.default for word in (*words.TOP, *words.LISTENER_TCP)}
    here = [line.split(" | ")[1] for line in page.splitlines() if line.startswith("| ")][2:]
    assert here == [
        f"{by_name['max_request_size'] >> 20} MiB: `max_request_size` of the listener",
        f"{PLAIN_BODY_BYTES >> 20} MiB, with {text.MAX_PLAIN_ELEMENTS} commas; {FEW_BYTES >> 10} KiB of many values",
        f"{MAX_HEAD_BYTES >> 10} KiB",
        f"{text.MAX_DEPTH} levels",
        f"{by_name['max_batch_items']}: `max_batch_items`, which is {exampled} in `config.hcl.example`",
        f"{text.MAX_ELEMENTS}; {text.MAX_CONTAINERS}",
        f"{queries.MAX_PAIRS}; {queries.MAX_FORM_BYTES >> 20} MiB",
        f"{store.MAX_TEXT_BYTES >> 10} KiB, with {store.MAX_RULES} rules",
        f"{store.MAX_TEXTS_TOGETHER >> 10} KiB, with {store.MAX_RULES_TOGETHER} rules",
        f"{passwords.MAX_TEXT_BYTES >> 10} KiB",
        "`max_lease_ttl`",
        f"{wrapping_usage.MAX_ANSWERS}, with {wrapping_usage.MAX_BYTES >> 30} GiB together",
        f"{by_name['login_failures_per_minute']} in a minute: `login_failures_per_minute`",
        f"{by_name['max_connections']}; {by_name['max_concurrent_requests']}:"
        " `max_connections`, `max_concurrent_requests`",
        f"{MAX_NAMESPACES}, nested {MAX_NESTED} deep",
    ]
