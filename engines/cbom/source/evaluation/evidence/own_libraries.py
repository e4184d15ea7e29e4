"""A program's own libraries of cryptography: files of functions that get their keys from callers.

Such a file offers encryption and a MAC side by side; that its callers use both stands elsewhere, behind tables of
functions or headers of other names. Languages with classes offer them as methods of one.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice

from engines.cbom.source.evaluation.evidence.secrets import words_of
from engines.cbom.source.program import Function, Member, Name

KEYED = frozenset({"cipher", "mac"})
"""Kinds of uses that take a key, of which the one authenticates what the other encrypts."""

_FILES = re.compile(
    r"(?:(?:^|/)(?:crypto|encrypt|encryption|ciphers?)(?:_\w+)?|(?:[a-z]|/|^)(?:Crypto|Encrypt|Encryption|Cipher))"
    r"\.(?:c|cc|cpp|cxx|h|hpp|rs)$"
)
"""How files of functions are called that are a library of cryptography: ``crypto.c``, ``Encrypt.c``."""

_MAX_PARAMETERS = 16
_LONGEST = 60


def own_library(path: str, function: Function | None) -> str:
    """The path, if it is that of a library of the program's own, and ``function`` gets a key from its callers; else
    an empty text."""
    return path if function is not None and _is_library(path) and _takes_key(function) else ""


@lru_cache(256)
def _is_library(path: str) -> bool:
    return _FILES.search(path) is not None


def _takes_key(function: Function) -> bool:
    """Whether a parameter is a key, by its name or that of its type."""
    for each in islice(function.parameters, _MAX_PARAMETERS):
        declared = each.declared.name if isinstance(each.declared, Name | Member) else ""
        if any("key" in words_of(name[:_LONGEST]) for name in (each.name, declared)):
            return True
    return False
