"""Reads the vector files of the package cryptography-vectors: NIST's CAVP and those of RFCs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

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
    """The examples of a file of RSA encryptions: lines of hexadecimal behind each line ``# Title:``.

    An example has the key's fields of the examples before it, and ends with ``Encryption``.
    """
    fields: dict[str, str] = {}
    title = ""
    for line in [*lines(path), ""]:
        if title and re.fullmatch(r"[0-9a-f ]+", line):
            fields[title] += line.replace(" ", "")
            continue
        if title == "Encryption":
            yield dict(fields)
        title = line[2:-1] if line.startswith("# ") and line.endswith(":") else ""
        if title:
            fields[title] = ""


@dataclass(frozen=True)
class AeadVector:
    """A published vector of an AEAD that no file of the package has."""

    key: bytes
    nonce: bytes
    data: bytes
    plaintext: bytes
    sealed: bytes
    """The ciphertext with the tag behind it."""


XCHACHA20_POLY1305_VECTOR = AeadVector(
    bytes(range(0x80, 0xA0)),
    bytes(range(0x40, 0x58)),
    bytes.fromhex("50515253c0c1c2c3c4c5c6c7"),
    b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen "
    b"would be it.",
    bytes.fromhex(
        "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54"
        "c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f6"
        "15c68b13b52ec0875924c1c7987947deafd8780acf49"
    ),
)
"""draft-irtf-cfrg-xchacha-03, A.3.1."""

A256CBC_HS512_VECTOR = AeadVector(
    bytes(range(64)),
    bytes.fromhex("1af38c2dc2b96ffdd86694092341bc04"),
    b"The second principle of Auguste Kerckhoffs",
    b"A cipher system must not be required to be secret, and it must be able to fall into the hands of the enemy "
    b"without inconvenience",
    bytes.fromhex(
        "4affaaadb78c31c5da4b1b590d10ffbd3dd8d5d302423526912da037ecbcc7bd822c301dd67c373bccb584ad3e9279c2e6d12a1374b7"
        "7f077553df829410446b36ebd97066296ae6427ea75c2e0846a11a09ccf5370dc80bfecbad28c73f09b3a3b75e662a2594410ae496b2"
        "e2e6609e31e6e02cc837f053d21f37ff4f51950bbe2638d09dd7a4930930806d0703b1f6"
        "4dd3b4c088a7f45c216839645b2012bf2e6269a8c56a816dbc1b267761955bc5"
    ),
)
"""RFC 7518, appendix B.3."""
