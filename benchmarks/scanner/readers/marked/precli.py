"""Examples of Precli's rules for Python's standard library: the head of each file has the level and the lines.

Files of rules on timeouts, cleartext protocols and short tokens are left out: no class of the scanner is theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path

from benchmarks.scanner.cases import Case, Labelled, Place, checked_files, classes_of
from benchmarks.scanner.statements import statement_end

_EXAMPLES = "tests/unit/rules/python/stdlib"
_LEVEL = re.compile(r"^# level: (?P<level>\w+)$", re.MULTILINE)
_START = re.compile(r"^# start_line: (?P<line>\d+)$", re.MULTILINE)

_UNCHECKED = ("disabled-certificate-check",)
_CLASSES = (
    (r"\w+_(?:no_)?timeout\w*|hmac_\w*(?:weak_key|timing)\w*", ()),
    (r"hashlib_improper_prng\w*", ("weak-random",)),
    (r"hashlib_pbkdf2\w*", ("weak-hash", "weak-kdf")),
    (r"(?:hashlib|hmac)_\w+", ("weak-hash",)),
    (r"crypt_\w+", ("weak-kdf",)),
    (r"ssl_context_set_ecdh_curve_\w+", ("weak-key-size",)),
    (r"create_\w*context", _UNCHECKED),
    (r"(?:get_server_certificate|ssl_context|wrap_socket)_\w+", ("weak-protocol",)),
    (r"(?:ftp|imap|nntp|pop|smtp)lib_\w*(?:context_(?:none|unset|as_var)|_ssl|_starttls|_stls|_tls)", _UNCHECKED),
)
"""By the name of a file: the classes that count, the first of them to report under."""


def read(copy: Path, scratch: Path) -> Labelled:
    """The examples of rules on cryptography."""
    paths = sorted((copy / _EXAMPLES).glob("*/examples/*.py"))
    cases = [case for path in paths for case in _cases(path)]
    return checked_files(copy, cases)


def _cases(path: Path) -> Iterator[Case]:
    accepted = classes_of(path.stem, _CLASSES)
    text = path.read_text(encoding="utf-8")
    level = _LEVEL.search(text)
    if not accepted or level is None:
        return
    start = _START.search(text)
    if level["level"] == "NONE" or start is None:
        yield Case(accepted[0], False, (Place(path),), frozenset(accepted))
        return
    lines = text.splitlines()
    first = _statement_start(lines, int(start["line"]))
    yield Case(accepted[0], True, (Place(path, first, statement_end(lines, first)),), frozenset(accepted))


def _statement_start(lines: Sequence[str], number: int) -> int:
    """The line in which the call begins that has line ``number``: labels may be on one of its arguments."""
    before = takewhile(lambda first: lines[first - 1].strip(), range(number - 1, 0, -1))
    opening = (first for first in before if lines[first - 1].endswith("(") and statement_end(lines, first) >= number)
    return next(opening, number)
