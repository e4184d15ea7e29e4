"""Writes the tables of docs/crypto-policy.md from the code: ``python -m tests.house.documents.crypto_policy_document``.

A table stands between comments that name it; all else on the page is written by hand.
"""

from __future__ import annotations

import re
from pathlib import Path

from engines.crypto_policy.operations import CLASS_OF, OperationClass
from server.tenants.crypto_policies.language import FUNCTIONS
from server.tenants.crypto_policies.variables import VARIABLES

PATH = Path(__file__).parents[3] / "docs/crypto-policy.md"
_TABLE = re.compile(r"(<!-- table: (\w+) -->\n)[^<]*(<!-- end -->)")


def document() -> str:
    """The page with its tables as the code has them."""
    return _TABLE.sub(lambda match: f"{match[1]}{_TABLES[match[2]]()}{match[3]}", PATH.read_text(encoding="utf-8"))


def _variables() -> str:
    rows = [f"| `{each.name}` | {each.type} | {each.meaning} |" for each in VARIABLES.values()]
    return "\n".join(["| variable | type | what it is |", "| --- | --- | --- |", *rows, ""])


def _operations() -> str:
    rows = []
    for class_ in OperationClass:
        names = ", ".join(f"`{each.value}`" for each, its_class in CLASS_OF.items() if its_class is class_)
        rows.append(f"| `{class_.value}` | {names} |")
    return "\n".join(["| class | operations |", "| --- | --- |", *rows, ""])


def _functions() -> str:
    return ", ".join(f"`{name}`" for name in sorted(FUNCTIONS)) + "\n"


_TABLES = {"variables": _variables, "operations": _operations, "functions": _functions}

if __name__ == "__main__":
    PATH.write_text(document(), encoding="utf-8")
