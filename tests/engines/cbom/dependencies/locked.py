"""Rows of a lock file, as tests compare them."""

from __future__ import annotations

from engines.cbom.dependencies.locks.reading import read_dependencies

Row = tuple[str, str, int, bool | None]


def rows(path: str, content: str) -> list[Row]:
    """Name, version, line and directness of each package of a file that is read without problems."""
    found = read_dependencies(path, content.encode())
    assert not found.problems
    return [(each.name, each.version, each.line, each.direct) for each in found.packages]


NPM_3 = """{
  "name": "shop",
  "lockfileVersion": 3,
  "packages": {
    "": {
      "name": "shop",
      "dependencies": {"elliptic": "^6.5.4", "ours": "*"},
      "devDependencies": {"hash": "npm:crypto-js@4.1.1"}
    },
    "node_modules/elliptic": {
      "version": "6.5.4",
      "dependencies": {"bn.js": "^4.11.9"}
    },
    "node_modules/elliptic/node_modules/hash": {
      "version": "1.1.7",
      "name": "hash.js"
    },
    "node_modules/hash": {
      "name": "crypto-js",
      "version": "4.1.1"
    },
    "node_modules/@noble/curves": {
      "version": "1.4.0"
    },
    "node_modules/ours": {"resolved": "packages/ours", "link": true},
    "packages/ours": {
      "version": "1.0.0",
      "dependencies": {"@noble/curves": "^1.4.0"}
    }
  }
}
"""
