"""Files that matter to a scan because they import one that names a library."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from engines.cbom.source.files.relevance import Importers, followers_among, sift
from engines.cbom.source.locating import Tree

SEALING = (
    "app/sealing.py",
    "app/vault/__init__.py",
    "web/sealing.ts",
    "web/vault/index.ts",
    "src/AES.java",
    "pkg/seal/box.go",
    "crate/src/sealing.rs",
    "lib/sealing.c",
)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("app/d.py", 'importlib.import_module("app.sealing")\n'),
        ("src/B.java", "class B { Object a = new AES(); }\n"),
        ("cmd/a.go", 'package cmd\n\nimport (\n\t"example.org/pkg/seal"\n)\n\nfunc a() {}\n'),
        ("pkg/seal/other.go", "package seal\n"),
        ("crate/src/a.rs", "use crate::sealing::seal;\n"),
        ("lib/a.c", "int a(void) { return sealing_open(); }\n"),
    ],
)
def test_files_that_import_one_matter(path: str, text: str) -> None:
    assert Importers(SEALING).have(path, text.encode())


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("src/B.java", "import java.util.List;\n"),
        ("cmd/a.go", 'package cmd\n\nfunc a() { print("seal") }\n'),
        ("pkg/other/box.go", "package other\n"),
        ("crate/src/a.rs", "fn a(sealing: bool) {}\n"),
        ("web/sealing.go", "package sealing\n"),
    ],
)
def test_files_that_only_have_its_name_do_not(path: str, text: str) -> None:
    assert not Importers(SEALING).have(path, text.encode())


def test_tests_matter_if_they_import_others() -> None:
    assert not Importers(SEALING).have("crate/tests/a.rs", b"use krate::sealing::seal;\n")
    assert Importers(["crate/tests/sealing.rs"]).have("crate/tests/a.rs", b"use super::sealing::seal;\n")


def followers(program: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """The files of a program that name a library, and those that follow them."""
    contents = {path: text.encode() for path, text in program.items()}
    sifted = {path: sift(path, content) for path, content in contents.items()}
    hot = [path for path, told in sifted.items() if told.names_library]
    imports = {path: told.imports for path, told in sifted.items() if told.imports is not None}
    return hot, sorted(followers_among(imports, Tree.of(contents), contents.get, hot))


PROGRAM = {
    "app/sealing.py": "from cryptography.hazmat.primitives.ciphers.aead import AESGCM\n",
    "app/__init__.py": "from .inner import *\nfrom .glue import stick\n",
    "app/inner/__init__.py": "from app.sealing import seal as close\nfrom app import inner\n",
    "app/glue.py": "import os  # sealing is imported elsewhere\n",
    "app/whole.py": "import app.inner as inner\n",
    "app/late.py": "def late():\n    from .sealing import (\n        seal,  # (it)\n    )\n",
    "app/module.py": "from app import (sealing)\n",
    "app/other.py": "from app import stick, important\nimportant()\nsealing = 1\n",
    "web/passed.py": "import json, sys; from app import close\n",
    "tests/test_a.py": "from app.sealing import seal\n",
    "tests/test_b.py": "from tests.sealing import seal\n",
    "tests/sealing.py": "import hashlib\n",
}


def test_files_of_python_matter_that_get_a_name_from_one() -> None:
    hot, found = followers(PROGRAM)
    assert hot == ["app/sealing.py", "tests/sealing.py"]
    assert found == [
        "app/__init__.py",
        "app/inner/__init__.py",
        "app/late.py",
        "app/module.py",
        "app/whole.py",
        "tests/test_b.py",
        "web/passed.py",
    ]


SCRIPTS = {
    "package.json": '{"name": "shop"}',
    "lib/package.json": '{"name": "@shop/lib", "main": "index.ts"}',
    "lib/sealing.ts": "import { createCipheriv } from 'crypto'\nexport function seal() {}\n",
    "lib/index.ts": "export * from './sealing'\nexport { glue as paste } from './glue'\n",
    "lib/glue.ts": "// from './sealing'\nexport const glue = 1\n",
    "lib/old.js": 'const { seal } = require("./sealing")\nmodule.exports = { close: seal }\n',
    "lib/passing.js": "module.exports = require('./sealing.ts')\n",
    "src/direct.ts": "import type { Box } from './box'\nimport {\n  seal,\n} from '../lib/sealing'\n",
    "src/package.tsx": "import { seal } from '@shop/lib'\n",
    "src/whole.mts": "import * as lib from '../lib'\n",
    "src/later.js": "const { seal } = await import(`../lib/passing`)\n",
    "src/page.vue": "<script>\nimport { close } from '../lib/old.js'\n</script>\n",
    "src/other.js": "import sealing, { glue } from '../lib/glue'\n// sealing\n",
    "src/pasted.js": "import { paste } from '../lib/none'\n",
    "src/__tests__/a.ts": "import { seal } from '../../lib/sealing'\n",
}


def test_files_of_javascript_matter_that_get_a_name_from_one() -> None:
    hot, found = followers(SCRIPTS)
    assert hot == ["lib/sealing.ts"]
    assert found == [
        "lib/index.ts",
        "lib/old.js",
        "lib/passing.js",
        "src/direct.ts",
        "src/later.js",
        "src/package.tsx",
        "src/whole.mts",
    ]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("import hat from 'hat'", True),
        ('const https = require("node:https")', True),
        ("import { sha256 } from '@noble/hashes/sha2'", True),
        ("define(['crypto-js'], function (c) {})", True),
        ("window.crypto.getRandomValues(bytes)", True),
        ("request({ rejectUnauthorized: false })", True),
        ("// that jwt is at https://example.org\nimport x from './jwt2'", True),
        ("const that = 'https://example.org'; verify(jwt)", False),
        ("import react from 'react'", False),
    ],
)
def test_files_of_javascript_matter_that_import_a_library(text: str, *, named: bool) -> None:
    assert sift("a.ts", text.encode()).names_library == named


@pytest.mark.parametrize(
    "text",
    [
        "import hashlib",
        "from Crypto.Cipher import AES as cipher",
        "try:\n    import random, ssl\nexcept ImportError:\n    pass",
        "from Cryptodome import Hash",
        "from django.utils.crypto import *",
        'importlib.import_module("hashlib")',
        "token = os.urandom(16)",
        "client(verify_ssl=False)",
        "jwt.encode(claims, 'secret')",
    ],
)
def test_files_of_python_matter_that_import_a_library(text: str) -> None:
    assert sift("a.py", text.encode()).names_library


@pytest.mark.parametrize(
    "text",
    [
        "# import hashlib\n'lossless requests of a universal uuid'",
        "from django.http import HttpResponse",
        "from .ssl import context",
        "import os",
        "import mine as jwt\njwt.encode(claims, 'secret')",
    ],
)
def test_files_of_python_that_only_have_its_name_do_not(text: str) -> None:
    assert not sift("a.py", text.encode()).names_library
