"""The page on the audit tells every field of a use of a key, and what every variant is called."""

from __future__ import annotations

import json
import re
from pathlib import Path

from engines.crypto_policy.facts import RequestFacts
from engines.crypto_policy.gate import KeyUse

PAGE = (Path(__file__).parents[3] / "docs" / "operating.md").read_text(encoding="utf-8")
SECTION = PAGE.split("## Uses of keys in the audit")[1].split("\n## ")[0]


def test_every_field_has_a_row() -> None:
    rows = re.findall(r"^\| (`.*?`) \|", SECTION, re.MULTILINE)
    assert [name for row in rows for name in re.findall(r"`(\w+)`", row)] == list(KeyUse.__struct_fields__)


def test_the_example_has_every_field() -> None:
    example = json.loads(SECTION.split("```json\n")[1].split("```")[0])
    (use,) = example["crypto"]["uses"]
    assert list(use) == list(KeyUse.__struct_fields__)


def test_every_variant_is_named() -> None:
    everything = RequestFacts(pure=True, prehashed=True, hash_message=True, external_mu=True, has_associated_data=True)
    (row,) = re.findall(r"^\| `variant` \|(.*)$", SECTION, re.MULTILINE)
    assert re.findall(r"`([\w-]+)`", row) == everything.variant.split(",")
