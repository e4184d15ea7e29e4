"""Writes docs/profiles.md from the profiles' data: ``python -m tests.house.documents.profile_document``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.row import Algorithm
from engines.crypto_policy.operations import CLASS_OF, CryptoOperation, OperationClass
from engines.crypto_policy.profiles.catalogue import all_profiles
from engines.crypto_policy.profiles.describing import describe_conditions, describe_day
from engines.crypto_policy.profiles.matrix import matrix, row_operations
from engines.crypto_policy.profiles.model import Parameter, Profile, Rule

PATH = Path(__file__).parents[3] / "docs/profiles.md"

_DAY = date(2027, 1, 1)
_HEAD = """\
# Crypto profiles

A profile is what public documents say of algorithms: CNSA 2.0, NIST's transition, BSI TR-02102-1 and others, as dated
data with a source for each rule. This page is written from that data by `make docs`; a test fails when it isn't up to
date. Nothing here is legal advice, and none of the issuing authorities has seen it.

**Not everything is confirmed in the original.** Each source says whether it was read itself (*original*), in
quotations with sections or pages (*quoted*), or as others tell it (*secondary*), and when. Rules that go beyond that
are marked with ⚠ and a sentence that says why. Look a rule up in its source before you rely on it.

```sh
export BAO_ADDR=http://127.0.0.1:8200 BAO_TOKEN=root

bao list sys/crypto-profiles
bao read sys/crypto-profiles/cnsa-2.0
bao read sys/crypto-policies/matrix profiles=cnsa-2.0,bsi-tr-02102-1 at=2031-01-01
```

`sys/crypto-profiles/NAME` shows a profile with all rules and sources, by its id (`cnsa-2.0@2025-05`) or by its name
alone, which is the newest edition. Every namespace answers alike. An edition doesn't change; a new one is another file
in `engines/crypto_policy/profiles/data`.

## Verdicts

| verdict | what it means |
| --- | --- |
| `allow` | the document has it |
| `warn` | allowed for now, or with a risk that its owner weighs: *transitional*, *deprecated*, *legacy use* |
| `refuse` | the document excludes it |
| `not-listed` | the document doesn't speak of it, which doesn't make it unsafe |

The parameter `not_listed`, which every profile has, says what becomes of what isn't listed: `warn` (the default),
`refuse` or `allow`.

Rules are of a topic: the algorithm, the hash, the padding of RSA, the variant of ML-DSA. **Within a topic the first
rule that applies decides; of the topics, the strictest verdict counts.** A rule holds from its first day (*from*) to
the day before *until*, both at 00:00 UTC.

*Protecting* is encrypting, signing and the like, hashing, and making, importing and rotating keys; *processing* is
decrypting, verifying and decapsulating. A rule is about both unless it says otherwise, and no profile refuses to
process what exists. Restoring, configuring, exporting, backing up and deleting keys are left open by all profiles.

## The matrix

`GET sys/crypto-policies/matrix?profiles=a,b&at=` answers `algorithms`, the verdict of each profile for every algorithm
and operation; `conflicts`, those of them that one profile allows and another one refuses; and `satisfy_all`, the
algorithms with which all profiles allow every operation, by primitive: an empty list says that nothing suits all. `at`
is a date or a time in RFC 3339, and today without it. Hash and padding are a request's affair and left open; ML-DSA is
asked about in its pure variant. CNSA 2.0 wants ML-KEM-1024 by itself and BSI and ANSSI want hybrids, so `kem` is empty
for them together.
"""
_TABLE = """\
This is what protecting with each algorithm comes to on {day}: the strictest verdict over encrypting, signing,
authenticating, encapsulating or agreeing.
"""


def document() -> str:
    """The whole page."""
    profiles = list(all_profiles().values())
    parts = [_HEAD, _TABLE.format(day=_DAY.isoformat()), "\n".join(_overview(profiles)) + "\n"]
    for profile in profiles:
        parts += [f"## {profile.title} (`{profile.id}`)\n", f"For: {profile.scope}\n"]
        parts.append("\n".join(f"* {note}" for note in profile.notes) + "\n")
        parts.append("\n".join(_sources(profile)) + "\n")
        parts += [_parameter(name, one) for name, one in profile.parameters.items() if any_dates(one)]
        parts.append("\n".join(_rules(profile.rules)) + "\n")
    return "\n".join(parts)


def any_dates(parameter: Parameter) -> bool:
    """Whether the parameter is the profile's own: the one that all have is told of once."""
    return set(parameter.choices) != {"warn", "refuse", "allow"}


def _overview(profiles: list[Profile]) -> Iterator[str]:
    cells = {(cell.algorithm, cell.operation): cell.verdicts for cell in matrix(profiles, _DAY).cells}
    yield f"| algorithm | {' | '.join(profile.name for profile in profiles)} |"
    yield f"|{' --- |' * (1 + len(profiles))}"
    strictness = ("allow", "warn", "not-listed", "refuse")
    for row in ALGORITHMS.values():
        told = []
        for profile in profiles:
            verdicts = [cells[row.name, operation][profile.id].value for operation in _protecting(row)]
            told.append(max(verdicts, key=strictness.index))
        yield f"| `{row.name}` | {' | '.join(told)} |"


def _protecting(row: Algorithm) -> list[CryptoOperation]:
    return [operation for operation in row_operations(row) if CLASS_OF[operation] is OperationClass.PROTECT]


def _sources(profile: Profile) -> Iterator[str]:
    yield "| source | published | binding | read | checked |"
    yield "| --- | --- | --- | --- | --- |"
    for source in profile.sources.values():
        read = source.reading.value + (f": {source.unconfirmed}" if source.unconfirmed else "")
        title = f"[{source.title}]({source.url})"
        yield f"| {title} | {source.published} | {source.binding.value} | {read} | {source.checked.isoformat()} |"


def _parameter(name: str, parameter: Parameter) -> str:
    lines = [f"Parameter `{name}`: {parameter.text} The default is `{parameter.default}`.\n"]
    lines += ["| value | meaning | sets |", "| --- | --- | --- |"]
    for value, choice in parameter.choices.items():
        dates = ", ".join(f"`{name}.{key}` = {day.isoformat()}" for key, day in choice.dates.items())
        lines.append(f"| `{value}` | {choice.text} | {dates} |")
    return "\n".join(lines) + "\n"


def _rules(rules: Iterable[Rule]) -> Iterator[str]:
    yield "| rule | applies to | verdict | from | until | what it says | section |"
    yield f"|{' --- |' * 7}"
    for rule in rules:
        text = rule.text
        if rule.unconfirmed != rule.source.unconfirmed:
            text += f" ⚠ {rule.unconfirmed}"
        cells = (
            f"`{rule.name.partition('/')[2]}`",
            _applies_to(rule),
            rule.verdict.value + ("" if rule.binding is rule.source.binding else f" ({rule.binding.value})"),
            describe_day(rule.starts) or "",
            describe_day(rule.ends) or "",
            text,
            rule.section,
        )
        yield f"| {' | '.join(cells)} |"


def _applies_to(rule: Rule) -> str:
    """The conditions of a rule in words, its topic first where that isn't the algorithm."""
    told = [] if rule.topic.value == "algorithm" else [f"{rule.topic.value}:"]
    for name, value in describe_conditions(rule.conditions).items():
        if isinstance(value, list):
            told.append(f"{name.replace('_', ' ')} {', '.join(value)};")
        elif isinstance(value, dict):
            told += [f"`{key}` {', '.join(values)};" for key, values in value.items()]
        else:
            told.append(f"{name.replace('_', ' ')} {str(value).lower()};")
    return " ".join(told).rstrip(";:") or "everything else"


if __name__ == "__main__":
    PATH.write_text(document(), encoding="utf-8")
