"""Reads the vector files of the package cryptography-vectors: NIST's CAVP and those of RFCs."""

from __future__ import annotations

import re
from collections.abc import Iterator

import cryptography_vectors

_SECTION = re.compile(r"\[(.*)\]")


def lines(path: str) -> list[str]:
    """The lines of a vector file without blanks at their ends."""
    with cryptography_vectors.open_vector_file(path, "r") as file:
        return [line.strip() for line in file.read().splitlines()]


def cases(path: str, last: str, first: str | None = None) -> Iterator[dict[str, str]]:
    """The cases of a file of ``name = value`` lines; a case ends with the field ``last``.

    Fields keep their value for later cases until a case has them anew, or until the field ``first`` begins a case.
    ``section`` holds what the last line in brackets said.
    """
    fields: dict[str, str] = {"section": ""}
    for line in lines(path):
        section = _SECTION.fullmatch(line)
        if section:
            name, equals, value = section[1].partition("=")
            fields = {**fields, "section": section[1]} if not equals else {**fields, name.strip(): value.strip()}
            continue
        name, equals, value = line.partition("=")
        name = name.strip()
        if line == "FAIL":
            fields["FAIL"] = "FAIL"
            name = "FAIL"
        elif not equals or line.startswith("#"):
            continue
        else:
            if name == first:
                fields = {"section": fields["section"]}
            fields[name] = value.strip()
        if name == last or (name == "FAIL" and last == "PT"):
            yield dict(fields)
            fields.pop("FAIL", None)


def hexadecimal(case: dict[str, str], name: str) -> bytes:
    """The bytes of the field ``name``."""
    return bytes.fromhex(case[name])


def rsa_examples(path: str) -> Iterator[dict[str, str]]:
    """The examples of a file of OAEP vectors: a line of hexadecimal behind each line ``# Title:``.

    An example has the key's fields of the examples before it, and ends with ``Encryption``.
    """
    fields: dict[str, str] = {}
    title = ""
    for line in lines(path):
        if line.startswith("# ") and line.endswith(":"):
            title = line[2:-1]
        elif title and re.fullmatch(r"[0-9a-f]+", line):
            fields[title] = line
            if title == "Encryption":
                yield dict(fields)
            title = ""
