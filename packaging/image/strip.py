"""Cuts symbols and debug sections off the shared objects below a folder: a third of the installed environment.

A loader reads the program header alone, so what lies behind the last byte that it names is not needed to run. Cutting
there, and taking the section table out of the header, is what strip(1) does in the base images that have it. Objects
other than 64-bit little-endian ELF are left alone.
"""

import struct
import sys
from pathlib import Path

_ELF64_LITTLE_ENDIAN = b"\x7fELF\x02\x01"


def stripped(content: bytes) -> bytes:
    """The part of ``content`` that a loader uses; all of it, if it is no 64-bit little-endian ELF object."""
    if content[:6] != _ELF64_LITTLE_ENDIAN:
        return content
    (table,) = struct.unpack_from("<Q", content, 32)
    size, count = struct.unpack_from("<HH", content, 54)
    end = table + size * count
    for header in range(table, end, size):
        (offset,) = struct.unpack_from("<Q", content, header + 8)
        (length,) = struct.unpack_from("<Q", content, header + 32)
        end = max(end, offset + length)
    head = bytearray(content[:end])
    struct.pack_into("<Q", head, 40, 0)  # e_shoff
    struct.pack_into("<HHH", head, 58, 0, 0, 0)  # e_shentsize, e_shnum, e_shstrndx
    return bytes(head)


if __name__ == "__main__":
    for path in Path(sys.argv[1]).rglob("*.so*"):
        if not path.is_symlink():
            path.write_bytes(stripped(path.read_bytes()))
