"""Files of C that offer what others build on: ciphers in tables of functions, the ciphers of SSH, and single blocks.

``const struct cipher aes = { 16, aes_encrypt, aes_decrypt };`` is for code that has the data, and computes the MAC over
them. Packets of SSH always have a MAC (RFC 4253, 6.4). A function that encrypts one block, and gets no length, is for a
mode, such as the counters of ZIP's AES.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_NOTHING: frozenset[str] = frozenset()
_CIPHER = frozenset({"unauthenticated-mode"})
_BLOCK = frozenset({"ecb-mode"})

_FILLED = re.compile(rb"=[ \t\r\n]*\{([^{};()]{0,2000})\}")
_SET = re.compile(rb"(?:->|\.)\w{0,40}crypt\w{0,40}[ \t]*=[ \t]*&?([A-Za-z_]\w*)[ \t]*;")
_NAME = re.compile(rb"(?<![.\w])[A-Za-z_]\w*")
_CALLED = re.compile(rb"(?<!\w)([A-Za-z_]\w*)[ \t\r\n]{0,8}\(")
_CRYPTING = re.compile(rb"(?i:crypt|encipher|decipher)|_(?:enc|dec)(?:_|$)")
_SIGN = b"crypt"
_ENTRIES = 2
"""How many functions of a table encrypt and decrypt; both may be the same one."""

_OF_SSH = re.compile(
    rb'"((?:3des|blowfish|cast128|aes(?:128|192|256))-(?:cbc|ctr)|arcfour(?:128|256)?|rijndael-cbc@lysator\.liu\.se'
    rb'|chacha20-poly1305@openssh\.com|aes(?:128|256)-gcm@openssh\.com)"'
)
_SSH = re.compile(rb"(?i:ssh|sftp)")
_LISTED = 3

_BLOCKS = re.compile(rb"(?:_b|B)lock[ \t]*\(([^(){};]{0,300})\)[ \t\r\n]{0,80}\{")
_BEFORE = re.compile(rb"(?i:encrypt|encipher)\Z")
_LENGTH = re.compile(rb"(?i:len|size|count|num|blocks|bytes)|\bn\b|\bFILE\b")
_LONGEST = 60


def parts_in(content: bytes) -> frozenset[str]:
    """The findings that are none in a file, because what it offers is only a part of what others make of it."""
    found = _CIPHER if _lists_ssh(content) else _NOTHING
    if _SIGN not in content:
        return found
    if not found and _offers_cipher(content):
        found = _CIPHER
    return found | _BLOCK if _encrypts_block(content) else found


def _offers_cipher(content: bytes) -> bool:
    """Whether a file fills a structure with functions of its own that encrypt and decrypt."""
    functions: set[bytes] | None = None
    for names in _tables(content):
        crypting = [name for name in names if _CRYPTING.search(name)]
        if len(crypting) < _ENTRIES:
            continue
        if functions is None:
            functions = set(_CALLED.findall(content))
        if sum(name in functions for name in crypting) >= _ENTRIES:
            return True
    return False


def _tables(content: bytes) -> Iterable[list[bytes]]:
    """The names in each table that the file fills at once, and those that it puts into members one by one."""
    for filled in _FILLED.finditer(content):
        yield _NAME.findall(filled[1])
    yield _SET.findall(content)


def _lists_ssh(content: bytes) -> bool:
    return len(set(_OF_SSH.findall(content))) >= _LISTED and _SSH.search(content) is not None


def _encrypts_block(content: bytes) -> bool:
    """Whether a function of the file encrypts a block: one by its name, of which it gets no length."""
    return any(
        _BEFORE.search(content[max(0, found.start() - _LONGEST) : found.start()]) and not _LENGTH.search(found[1])
        for found in _BLOCKS.finditer(content)
    )
