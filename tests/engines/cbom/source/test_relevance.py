"""Files that matter to a scan because they import one that names a library."""

from __future__ import annotations

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
        ("web/a.ts", "import {\n  seal,\n} from './sealing'\n"),
        ("web/b.js", 'const { seal } = require("../web/sealing.ts")\n'),
        ("web/c.tsx", "export * from './vault'\n"),
        ("web/d.js", "const { seal } = await import('./sealing')\n"),
        ("web/e.vue", "<script>\nimport { sealing } from '@/web'\n"),
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
        ("web/a.ts", "import { glue } from './glue'\n// sealing\nconst sealing = glue()\n"),
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
    assert not Importers(SEALING).have("web/__tests__/a.ts", b"import { seal } from '../sealing'\n")
    assert Importers(["web/__tests__/sealing.ts"]).have("web/__tests__/a.ts", b"import { seal } from './sealing'\n")


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
    sifted = {path: sift(path, text.encode()) for path, text in PROGRAM.items()}
    hot = [path for path, told in sifted.items() if told.names_library]
    assert hot == ["app/sealing.py", "tests/sealing.py"]
    imports = {path: told.imports for path, told in sifted.items() if told.imports is not None}
    assert sorted(followers_among(imports, Tree.of(PROGRAM), hot)) == [
        "app/__init__.py",
        "app/inner/__init__.py",
        "app/late.py",
        "app/module.py",
        "app/whole.py",
        "tests/test_b.py",
        "web/passed.py",
    ]


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
    ],
)
def test_files_of_python_that_only_have_its_name_do_not(text: str) -> None:
    assert not sift("a.py", text.encode()).names_library
