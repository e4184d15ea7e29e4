"""docs/trust.md: its order, that every row can be checked, and that its commands show what they are to show.

The tests that docs/security-reviews.md names are there, too.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from cryptoserve_cli.dispatch import run_command
from tests.support.products import Product
from tests.support.servers import CHECKOUT, Server
from tests.wire.documents.snippets import DOCUMENTED_ADDRESS, Snippet, extract, session

PAGE = (CHECKOUT / "docs/trust.md").read_text(encoding="utf-8")
REVIEWS = (CHECKOUT / "docs/security-reviews.md").read_text(encoding="utf-8")
ORDER = [
    "Open source",
    "Encryption",
    "Key management",
    "Post-quantum",
    "Policy",
    "Tenants",
    "Audit",
    "CBOM",
    "Scanning",
    "Authentication",
    "Transport and session",
    "Input validation",
    "Memory",
    "Configuration safety",
    "FIPS",
    "Standards",
    "Tests",
    "Security audits",
    "Supply chain",
    "What it does not do",
    "Deployment",
    "HIPAA, SOC 2, GDPR, PCI DSS",
]
ASKS_A_SERVER = re.compile(r"(?:! )?(?:bao|cryptoserve(?!.* -h$| scan)|curl) ")
NOT_THERE = {"Networks are scanned", "Multi-factor", "Hardware", "Protection from root", "Audited by a third party"}
"""Claims that aren't met, so that there is nothing to show."""


class Row(NamedTuple):
    """One claim."""

    claim: str
    here: str
    command: str
    test: str


def _rows() -> Iterator[Row]:
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line[1:-1].split("|")] if line.startswith("| ") else []
        if cells and cells[0] not in ("claim", "rule", "---"):
            yield Row(cells[0], cells[-3], cells[-2].strip("`"), cells[-1].strip("`"))


ROWS = list(_rows())
COMMANDS = [row.command for row in ROWS if row.command]


@cache
def _functions(file: Path) -> set[str]:
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`(tests/\S+::\w+)`", REVIEWS))))
def test_reviews_name_tests_that_are_there(named: str) -> None:
    file, _, function = named.partition("::")
    assert function in _functions(CHECKOUT / file)


def test_the_order_is_that_of_the_list() -> None:
    assert re.findall(r"^## (.*)$", PAGE, re.MULTILINE) == ORDER
    assert len(ROWS) > 60


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.claim)
def test_a_claim_names_a_test_that_is_there(row: Row) -> None:
    if row.claim in NOT_THERE:
        assert (row.command, row.test) == ("", "")
        return
    file, _, function = row.test.partition("::")
    assert function in _functions(CHECKOUT / file)


@pytest.mark.parametrize("command", sorted({each for each in COMMANDS if not ASKS_A_SERVER.match(each)}))
def test_a_command_is_known(command: str) -> None:
    program, *rest = command.split()
    if program == "cryptoserve":
        assert run_command([str(CHECKOUT / each) if each == "packaging" else each for each in rest], {}) == 0
    elif program == "make":
        makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
        assert re.search(rf"^{rest[0]}:", makefile, re.MULTILINE)
    else:
        assert program in ("python", "head", "cat")
        assert (CHECKOUT / rest[-1]).exists()


def test_commands_that_ask_the_server(tmp_path: Path) -> None:
    with (
        Server(Product.CRYPTOSERVE, tmp_path / "server", development=True) as server,
        session(tmp_path, {DOCUMENTED_ADDRESS: f"127.0.0.1:{server.port}"}) as reader,
    ):
        for snippet in extract(PAGE):
            reader.run(snippet)
        for command in dict.fromkeys(COMMANDS):
            if ASKS_A_SERVER.match(command):
                # The status of what follows "!" doesn't end a shell under -e, so it is told apart here.
                line = f"if {command[2:]}; then exit 1; fi" if command.startswith("! ") else command
                reader.run(Snippet("sh", f"{line}\n", 1))
