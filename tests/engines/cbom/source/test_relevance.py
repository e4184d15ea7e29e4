"""Files that matter to a scan because they import one that names a library."""

from __future__ import annotations

import pytest

from engines.cbom.source.files.relevance import Importers

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
        ("app/a.py", "from app import (\n    sealing,\n)\n"),
        ("app/b.py", "def late():\n    from .sealing import seal\n"),
        ("app/c.py", "import app.vault as vault\n"),
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
        ("app/a.py", "# sealing is imported elsewhere\nfrom app import glue\nsealing = 1\n"),
        ("web/a.ts", "import { glue } from './glue'\n// sealing\nconst sealing = glue()\n"),
        ("src/B.java", "import java.util.List;\n"),
        ("cmd/a.go", 'package cmd\n\nfunc a() { print("seal") }\n'),
        ("pkg/other/box.go", "package other\n"),
        ("crate/src/a.rs", "fn a(sealing: bool) {}\n"),
        ("web/sealing.go", "package sealing\n"),
        ("tests/test_a.py", "from app import sealing\n"),
    ],
)
def test_files_that_only_have_its_name_do_not(path: str, text: str) -> None:
    assert not Importers(SEALING).have(path, text.encode())


def test_tests_matter_if_they_import_others() -> None:
    importers = Importers(["tests/sealing.py"])
    assert importers.have("tests/test_a.py", b"from tests.sealing import seal\n")
