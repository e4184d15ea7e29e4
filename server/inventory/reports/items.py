"""Items of each report, in the order of the requirement that it is for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from engines.crypto_policy.profiles.catalogue import all_profiles
from server.inventory.reports.findings import ORDER, Findings, Tallied

PCI = "pci-12.3.3"
_MOST_NAMES = 50
"""The most mounts, suites or dates that one item lists."""


class Status(Enum):
    """Completeness of an item: the part of it that the server can tell."""

    ANSWERED = "answered"
    PARTLY = "partly"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Item:
    """One part of a requirement."""

    id: str
    title: str
    status: Status
    text: str

    def described(self) -> dict[str, str]:
        """As answers have it."""
        return {"id": self.id, "title": self.title, "status": self.status.value, "text": self.text}


def _pci(found: Findings) -> list[Item]:
    """PCI DSS 4.0.1, requirement 12.3.3: suites and protocols in use, documented and reviewed."""
    editions = ", ".join(sorted(all_profiles()))
    return [
        Item(
            "inventory",
            "An up-to-date inventory of cipher suites and protocols in use",
            Status.PARTLY,
            f"{_versions(found)}. {_protocols(found)} The whole inventory is the document at `inventory/cbom`. Other "
            "systems aren't known here.",
        ),
        Item(
            "purpose",
            "The purpose of each",
            Status.PARTLY if found.classified else Status.OPEN,
            f"{found.classified} of {found.versions} key versions say what they protect (`data_class`), and "
            f"{found.owned} have an owner.",
        ),
        Item(
            "where-used",
            "Where each is used",
            Status.PARTLY,
            f"{_mounts(found)} {found.used} of {found.versions} key versions were used, by {len(found.callers)} "
            "entities. Where applications keep what they encrypt isn't known here.",
        ),
        Item(
            "review",
            "A review at least every 12 months",
            Status.OPEN,
            "The server makes snapshots each day and tells what has changed between two; whether people review them is "
            "theirs to say.",
        ),
        Item(
            "monitoring",
            "Active monitoring of the continued viability of all of them",
            Status.PARTLY,
            f"Key versions are judged by the profiles {editions}. {_ends(found)} Watching for news between editions is "
            "for people.",
        ),
        Item(
            "plan",
            "A plan to respond to anticipated changes in vulnerabilities",
            Status.OPEN,
            "The server can't know the plan. What it can rest on: keys rotate without a change of applications, and "
            "`inventory/readiness` tells how far that is for a profile and a date.",
        ),
    ]


def _order(found: Findings) -> list[Item]:
    """Executive Order 14412: post-quantum cryptography by the end of 2030 and of 2031."""
    return [
        Item(
            "key-establishment",
            "Post-quantum key establishment by 2030-12-31",
            Status.ANSWERED,
            _tallied(found.establishing, "encrypt or agree on keys"),
        ),
        Item(
            "signatures",
            "Post-quantum digital signatures by 2031-12-31",
            Status.ANSWERED,
            _tallied(found.signing, "sign"),
        ),
        Item(
            "listeners",
            "Key establishment and signatures of the server's own connections",
            Status.PARTLY if found.own.protocols else Status.OPEN,
            f"{_protocols(found)} Which of them a connection uses is up to its client.",
        ),
        Item(
            "bill-of-materials",
            "A cryptographic bill of materials",
            Status.PARTLY,
            "`inventory/cbom` has it, for this server. The minimum elements that the order asks for were not published "
            "when this was written.",
        ),
        Item(
            "inventory",
            "An inventory of high value assets and high impact systems",
            Status.OPEN,
            f"{_versions(found)}. Which systems are high value assets or of high impact isn't known here.",
        ),
        Item(
            "validated-modules",
            "Cryptography that complies with the FIPS",
            Status.PARTLY,
            "The state of each algorithm is in `fips` of each key version. No validated module is claimed.",
        ),
        Item(
            "migration-lead",
            "A lead for the migration",
            Status.OPEN,
            "The server can't know that.",
        ),
        Item(
            "migration-plan",
            "A plan for the migration, and reports on it",
            Status.OPEN,
            f"The server can't know the plan. {_ends(found)}",
        ),
    ]


REPORTS: Mapping[str, Callable[[Findings], list[Item]]] = {PCI: _pci, ORDER: _order}
_TITLES = {PCI: "PCI DSS 4.0.1, requirement 12.3.3", ORDER: "Executive Order 14412"}


def describe_report(name: str, found: Findings) -> dict[str, Any]:
    """The report ``name`` as answers have it."""
    return {"for": name, "items": [item.described() for item in REPORTS[name](found)]}


def markdown(name: str, found: Findings, product: str) -> str:
    """The report ``name`` as a document of Markdown."""
    lines = [f"# {_TITLES[name]}", "", f"By {product}, as of {found.day.isoformat()}.", ""]
    for item in REPORTS[name](found):
        lines += [f"## {item.title}", "", f"`{item.id}`: **{item.status.value}**", "", item.text, ""]
    return "\n".join(lines)


def _versions(found: Findings) -> str:
    listed = ", ".join(f"{number} of {_code(name)}" for name, number in sorted(found.algorithms.items()))
    return f"{found.versions} key versions protect data" + (f": {listed}" if listed else "")


def _protocols(found: Findings) -> str:
    if not found.own.protocols:
        return "No listener with TLS is told of here."
    told = []
    for each in found.own.protocols[:_MOST_NAMES]:
        where = "" if found.hide_names else f" at {_code(each.listener)}"
        suites, groups = ", ".join(_code(name) for name, _, _ in each.suites), ", ".join(map(_code, each.groups))
        told.append(f"TLS {each.version}{where} with the suites {suites} and the groups {groups}.")
    return " ".join(told)


def _mounts(found: Findings) -> str:
    if found.hide_names:
        return f"Keys are in {len(found.mounts)} mounts."
    names = sorted(found.mounts)
    listed = ", ".join(f"{_code(name)} ({found.mounts[name]})" for name in names[:_MOST_NAMES])
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"Keys are in the mounts {listed}{more}." if names else "There are no keys."


def _ends(found: Findings) -> str:
    ends = found.ends()
    more = f"; {len(ends) - _MOST_NAMES} more" if len(ends) > _MOST_NAMES else ""
    return (
        f"Known ends: {'; '.join(ends[:_MOST_NAMES])}{more}." if ends else "No profile has an end for what is in use."
    )


def _tallied(tallied: Tallied, do: str) -> str:
    if not tallied.total:
        return f"No asymmetric key version here can {do}."
    rest = ", ".join(f"{number} of {_code(name)}" for name, number in sorted(tallied.others.items()))
    return f"{tallied.ready} of {tallied.total} asymmetric key versions that {do} are ready" + (
        f"; the others are {rest}." if rest else "."
    )


def _code(text: str) -> str:
    """``text`` as code in Markdown; what would end that, or the line, is replaced."""
    return "`" + "".join("?" if each == "`" or not each.isprintable() else each for each in text) + "`"
