"""Lock files of Python: requirements, Pipenv, Poetry, PDM, uv and pylock."""

from __future__ import annotations

import pytest

from tests.engines.cbom.dependencies.locked import rows


def test_requirements() -> None:
    content = """# What we need
--index-url https://registry.example/simple
-r other.txt
cryptography[ssh]==42.0.0 \\
    --hash=sha256:aaaa \\
    --hash=sha256:bbbb
    # via shop
PyJWT===2.3.0 ; python_version >= "3.8"  # pinned
Py_NaCl>=1.5,<2
rsa==4.*
paramiko==2.10.0,!=2.9
ecdsa @ https://files.example/ecdsa-0.18.0.tar.gz
-e ./ours
{{ template }}
"""
    assert rows("requirements.txt", content) == [
        ("cryptography", "42.0.0", 4, None),
        ("pyjwt", "2.3.0", 8, None),
        ("py-nacl", "", 9, None),
        ("rsa", "", 10, None),
        ("paramiko", "", 11, None),
        ("ecdsa", "", 12, None),
    ]


def test_pipenv() -> None:
    content = """{
    "_meta": {"hash": {"sha256": "aa"}, "pipfile-spec": 6},
    "default": {
        "cryptography": {
            "hashes": ["sha256:aa"],
            "version": "==42.0.0"
        },
        "ours": {"editable": true, "path": "."}
    },
    "develop": {
        "pyjwt": {
            "version": "===2.3.0"
        }
    }
}
"""
    assert rows("Pipfile.lock", content) == [
        ("cryptography", "42.0.0", 4, None),
        ("ours", "", 8, None),
        ("pyjwt", "2.3.0", 11, None),
    ]


@pytest.mark.parametrize("name", ["poetry.lock", "pdm.lock"])
def test_poetry_and_pdm(name: str) -> None:
    content = """[[package]]
name = "PyJWT"
version = "2.3.0"
description = "[[package]]"

[package.source]
type = "legacy"

[[package]]
name = "ours"
version = "1.0.0"

[package.source]
type = "directory"

[metadata]
lock-version = "2.0"
"""
    assert rows(name, content) == [("pyjwt", "2.3.0", 1, None)]


def test_uv_tells_what_the_projects_depend_on() -> None:
    content = """version = 1

[[package]]
name = "cffi"
version = "1.16.0"
source = { registry = "https://registry.example/simple" }

[[package]]
name = "cryptography"
version = "42.0.0"
source = { registry = "https://registry.example/simple" }
dependencies = [{ name = "cffi" }]

[[package]]
name = "pytest"
version = "8.0.0"
source = { registry = "https://registry.example/simple" }

[[package]]
name = "shop"
version = "0.1.0"
source = { virtual = "." }
dependencies = [{ name = "cryptography", extra = ["ssh"] }]

[package.dev-dependencies]
dev = [{ name = "pytest" }]
"""
    assert rows("uv.lock", content) == [
        ("cffi", "1.16.0", 3, False),
        ("cryptography", "42.0.0", 8, True),
        ("pytest", "8.0.0", 14, True),
    ]


@pytest.mark.parametrize("name", ["pylock.toml", "pylock.web.toml"])
def test_pylock(name: str) -> None:
    content = """lock-version = "1.0"
created-by = "a tool"

[[packages]]
name = "cryptography"
version = "42.0.0"
wheels = [{ url = "https://files.example/a.whl", hashes = { sha256 = "aa" } }]

[[packages]]
name = "fork"
vcs = { type = "git", url = "https://git.example/fork", commit-id = "aa" }

[[packages]]
name = "ours"
directory = { path = "." }
"""
    assert rows(name, content) == [("cryptography", "42.0.0", 4, None), ("fork", "", 9, None)]
