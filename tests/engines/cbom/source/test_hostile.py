"""Hostile source: no recursion beyond bounds, no time beyond linear, and a note on what wasn't followed."""

from __future__ import annotations

import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from engines.cbom.source import languages, program_files, scanning
from engines.cbom.source.evaluation.evaluator import Evaluator
from engines.cbom.source.evaluation.lifetimes.scopes import Scope
from engines.cbom.source.frontends.base import Node
from engines.cbom.source.frontends.python import PythonLowering
from engines.cbom.source.judging.judge import Judge
from engines.cbom.source.locating import Tree
from engines.cbom.source.program import Module
from engines.cbom.source.program_files import ProgramFiles
from engines.cbom.source.settings.named import NamedSettings
from engines.cbom.source.settings.text_files import read_ini
from engines.cbom.source.values import NOTHING, constants
from tests.engines.cbom.source.examples import results_of

DEPTH = 20_000
NESTED = {
    "parentheses.py": b"import hashlib\nx = " + b"(" * DEPTH + b"1" + b")" * DEPTH,
    "calls.py": b"import hashlib\n" + b"f(" * DEPTH + b")" * DEPTH,
    "members.py": b"import hashlib\nx = a" + b".b()" * DEPTH,
    "operators.py": b"import hashlib\nx = " + b"'a' + " * DEPTH + b"'b'",
    "blocks.py": b"import hashlib\n" + b"".join(b" " * level + b"if a:\n" for level in range(400)) + b" " * 400 + b"x",
    "elses.js": b"const c = require('crypto');\n" + b"if (a > 1) { b(); } else " * DEPTH + b"{ c(); }",
    "functions.js": b"const c = require('crypto');\n" + b"(() => " * DEPTH + b"1" + b")" * DEPTH,
    "arrays.ts": b"import 'crypto';\nx = " + b"[" * DEPTH + b"]" * DEPTH,
    "templates.js": b"require('crypto');\nx = " + b"`${" * 5_000 + b"1" + b"}`" * 5_000,
    "unclosed.js": b"require('crypto');" + b"{(" * DEPTH,
    "classes.java": b"class A { " * 2_000 + b"}" * 2_000,
    "methods.rs": b"use sha2::Sha256;\nfn f() { a" + b".map(|x| x)" * DEPTH + b"; }",
    "matches.rs": b"use sha2::Sha256;\nfn f() { " + b"match a { _ => " * 2_000 + b"1" + b" }" * 2_000 + b" }",
    "imports.rs": b"use " + b"sha2::{" * DEPTH + b"b" + b"}" * DEPTH + b";",
    "patterns.rs": b"use sha2::Sha256;\nfn f() { let " + b"Some(" * DEPTH + b"a" + b")" * DEPTH + b" = b; }",
    "macros.rs": b"use sha2::Sha256;\nfn f() { m!" + b"(a" * DEPTH + b")" * DEPTH + b"; }",
    "modules.rs": b"use sha2::Sha256;\n" + b"mod a { " * DEPTH + b"}" * DEPTH,
    "types.rs": b"use sha2::Sha256;\nfn f(a: " + b"Option<" * DEPTH + b"u8" + b">" * DEPTH + b") {}",
    "conditions.c": b"#include <openssl/evp.h>\n" + b"#if a\n(\n" * DEPTH,
    "flags.c": b"#include <openssl/ssl.h>\nvoid f(SSL_CTX *c, int a) { if (a) SSL_CTX_set_verify(c, A"
    + b" | A" * 5_000
    + b", 0); else SSL_CTX_set_verify(c, SSL_VERIFY_NONE, 0); }",
    "chains.py": b"import ssl\nif a" + b".b()" * 5_000 + b":\n    c = ssl._create_unverified_context()\n",
    "verifiers.java": b"class V implements javax.net.ssl.HostnameVerifier { "
    b"public boolean verify(String a, SSLSession s) { return a == null" + b" || a == null" * 5_000 + b"; } }",
    "calls.go": b"package a\nfunc f() { " + b"f(" * DEPTH + b")" * DEPTH + b" }",
}


@pytest.mark.parametrize("name", NESTED)
def test_deep_nesting_is_bounded(name: str) -> None:
    judge = Judge()
    files = ProgramFiles(Tree((name,)), NESTED.get, judge)
    files.report_to(judge)
    files.scan(name)
    judge.results()
    assert not files.failures


@pytest.mark.parametrize("name", ["a.c", "a.js"])
def test_parsing_is_bounded(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(languages, "_SECONDS", 0.05)
    judge, content = Judge(), b"#include <openssl/md5.h>\n// require('crypto');\n" + b"/*\n" * 20_000
    files = ProgramFiles(Tree.of([name]), lambda _path: content, judge)
    begin = time.process_time()
    files.scan(name)
    assert files.failures == {name: "SyntaxTooComplex"}
    assert time.process_time() - begin < 5
    assert results_of({name: b"const c = require('crypto');\n"}) == []


@pytest.mark.parametrize("line", [b"# A comment.\n", b"\\\n", b"\n  # A comment.\n"])
def test_long_comments_take_linear_time(line: bytes) -> None:
    begin = time.process_time()
    results = results_of({"a.py": b"import hashlib\n" + line * 20_000 + b"hashlib.md5(b'')\n"})
    assert {(each.algorithm, each.place.line) for each in results} == {("MD5", 2 + 20_000 * line.count(b"\n"))}
    assert time.process_time() - begin < 5


def test_a_test_of_many_parts_is_followed() -> None:
    test = b"a &&\n" * 1_900 + b"a"
    content = b'package a\nimport "crypto/md5"\nfunc f(a bool) {\nif ' + test + b" { md5.New() }\n}\n"
    assert {each.finding for each in results_of({"a.go": content})} == {"use", "weak-hash"}


def test_deep_calls_in_what_reads_like_a_declaration_are_bounded() -> None:
    calls = b"a(\n" * 900 + b")" * 900
    content = b"#include <openssl/md5.h>\nvoid f() { T d(" + calls + b"); MD5(x, 1, y); }\n"
    assert {each.finding for each in results_of({"a.cpp": content})} == {"use", "weak-hash"}


def test_what_is_not_followed_to_the_end_is_told() -> None:
    files = ProgramFiles(Tree.of(["a.py"]), {"a.py": NESTED["parentheses.py"]}.get, Judge())
    loaded = files.scan("a.py")
    assert loaded is not None
    assert loaded.truncated


def recursion(name: bytes) -> bytes:
    return b"import hashlib\ndef %b(n):\n    return %b(n + 'a') + %b('b' + n)\n%b('md5')\n" % (name, name, name, name)


EXPENSIVE: dict[str, Callable[[int], bytes]] = {
    "recursion": lambda size: b"".join(recursion(b"f%d" % number) for number in range(size // 100)),
    "a chain of calls": lambda size: (
        b"import hashlib\n"
        + b"".join(b"def f%d(a):\n    return f%d(a) + f%d('x')\n" % (n, n + 1, n + 1) for n in range(size // 45))
    ),
    "branches": lambda size: (
        b"import hashlib\na = 'md5'\n"
        + b"".join(b"if x:\n    a%d = a + 'b'\n    a = a%d\n" % (n, n) for n in range(size // 40))
    ),
    "doubling": lambda size: b"import hashlib\na = 'ab'\n" + b"a = a + a\n" * (size // 10) + b"hashlib.new(a)\n",
    "shifts": lambda size: b"import hashlib\na = 2\n" + b"a = a * a << 9999999\n" * (size // 22),
    "classes": lambda size: (
        b"import hashlib\nclass A0: pass\n"
        + b"".join(b"class A%d(A%d):\n    def f(self): return self.f()\n" % (n + 1, n) for n in range(size // 60))
    ),
}


BRANCHING: dict[str, Callable[[int], bytes]] = {
    "arms of a switch": lambda size: (
        b"require('crypto');\nfunction f(a) { switch (a) {\n"
        + b"".join(b"case %d: var b%d = 'a'; break;\n" % (n, n) for n in range(size // 30))
        + b"} }"
    ),
    "ways out of a loop": lambda size: (
        b"require('crypto');\nfunction f(a) { do {\n"
        + b"".join(b"var b%d = 1; if (a) { c%d = 2; break; }\n" % (n, n) for n in range(size // 40))
        + b"} while (a); }"
    ),
}
"""Functions of JavaScript with many ways, each of which changes a variable of its own."""


@pytest.mark.parametrize("shape", BRANCHING)
def test_time_is_linear_in_the_ways_through_a_function(shape: str) -> None:
    small = _seconds(BRANCHING[shape](15_000), "a.js")
    large = min(_seconds(BRANCHING[shape](60_000), "a.js") for _ in range(2))
    assert large < max(8 * small, 0.5)


GROWING = {
    "a.py": b"import hashlib\na = 'ab'\n" + b"a = '{}{}'.format(a, a)\n" * 200,
    "a.rs": b'use sha2::Sha256;\nfn f() { let a = "ab"; ' + b'let a = format!("{a}{a}"); ' * 200 + b"}",
    "A.java": b'class A { void f() { String a = "MD5"; ' + b'a = String.format("%s%s", a, a); ' * 200 + b"} }",
}


CONNECTED: dict[str, Callable[[int], bytes]] = {
    "types that are passed on": lambda size: (
        b"use sha2::{Digest, Sha256};\n"
        + b"".join(
            b"fn f%d<T: Digest>() { f%d::<T>(); f%d::<Sha256>(); T::new(); }\n" % (n, n + 1, n + 1)
            for n in range(size // 66)
        )
    ),
    "calls that are too deep": lambda size: (
        b"use sha2::{Digest, Sha256};\n"
        + b"".join(
            b"fn f%d() { f%d(); f%d(); }\n" % (n, (n * 7 + 1) % (size // 30), (n * 13 + 5) % (size // 30))
            for n in range(size // 30)
        )
    ),
}
"""Functions of Rust that call each other."""


@pytest.mark.parametrize("shape", CONNECTED)
def test_time_is_linear_in_functions_that_call_each_other(shape: str) -> None:
    small, large = _seconds(CONNECTED[shape](3_000), "a.rs"), _seconds(CONNECTED[shape](12_000), "a.rs")
    assert large < max(8 * small, 0.5)


@pytest.mark.parametrize("name", GROWING)
def test_texts_that_double_are_bounded(name: str) -> None:
    assert results_of({name: GROWING[name]}) == []


DOUBLING = {
    "a.py": b"import hashlib\na = ['md5']\n" + b"a = a + a\n" * 200 + b"for x in a: hashlib.new(x)\n",
    "a.go": b'package a\nimport "crypto/md5"\nfunc f() { b := []any{md5.New()}; '
    + b"b = append(b, b...); " * 200
    + b"}",
    "a.js": b"const c = require('crypto');\n"
    + b"".join(b"function f%d(...a) { f%d(%b); }\n" % (n, n + 1, b"...a, " * 100) for n in range(6))
    + b"function f6(...a) { c.createHash(...a); }\nf0('md5', 'sha1');\n",
    "a.mjs": b"import c from 'crypto';\nlet d = {};\n"
    + b"".join(b"d = {...d, a%d: 'md5'};\n" % n for n in range(2_000))
    + b"c.createHash(d.a1999);\n",
}
"""Lists and objects that would have more items than memory has room for, or be copied again and again."""


@pytest.mark.parametrize("name", DOUBLING)
def test_lists_that_double_are_bounded(name: str) -> None:
    begin = time.process_time()
    results_of({name: DOUBLING[name]})
    assert time.process_time() - begin < 5


def with_fields(number: int) -> bytes:
    fields = b"".join(b'String k%d = "MD5";\nvoid f%d() { g(k%d); }\n' % (n, n, n) for n in range(number))
    return b"import java.security.*;\nclass A {\n%bvoid g(String k) { MessageDigest.getInstance(k); }\n}\n" % fields


def test_time_is_linear_in_the_fields_of_a_class() -> None:
    small = _seconds(with_fields(500), "A.java")
    large = min(_seconds(with_fields(2_000), "A.java") for _ in range(2))
    assert large < max(8 * small, 0.5)


@pytest.mark.parametrize("shape", EXPENSIVE)
def test_time_is_linear(shape: str) -> None:
    """Four times the source takes at most eight times as long, and no shape more than a few seconds for 60 kB."""
    small = _seconds(EXPENSIVE[shape](15_000), "a.py")
    # A collection of all garbage of this process may fall into one of the two.
    large = min(_seconds(EXPENSIVE[shape](60_000), "a.py") for _ in range(2))
    assert large < max(8 * small, 0.5)
    assert large < 5


def _seconds(source: bytes, path: str) -> float:
    started = time.process_time()
    results_of({path: source})
    return time.process_time() - started


def test_a_file_that_imports_itself_or_in_a_circle_ends() -> None:
    files = {
        "a.py": b"from b import x\nfrom a import y\nimport hashlib\nhashlib.new(x)\n",
        "b.py": b"from a import y\nx = 'md5'\ny = x\n",
    }
    assert {result.algorithm for result in results_of(files)} == {"MD5"}


@pytest.mark.parametrize(
    "source", [b"", b"\xff\xfe\x80", b"def", b"class :", b"import", b"from . import", b"f(**", b"x = {**"]
)
def test_broken_source_is_read_as_far_as_it_goes(source: bytes) -> None:
    found = results_of(
        {"a.py": source + b"\nimport hashlib\nhashlib.md5()\n", "b.js": source, "c.ts": source, "d.java": source}
    )
    assert all(result.place.path == "a.py" for result in found)


def test_a_fault_of_the_scanner_in_one_file_is_told_and_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    read = PythonLowering.module

    def faulty(self: PythonLowering, root: Node) -> Module:
        if b"unforeseen" in self.source:
            raise IndexError
        return read(self, root)

    monkeypatch.setattr(PythonLowering, "module", faulty)
    contents = {"a.py": b"import hashlib, b\nhashlib.md5()\n", "b.py": b"import hashlib  # unforeseen\n"}
    judge = Judge()
    files = ProgramFiles(Tree.of(contents), contents.get, judge)
    for path in contents:
        files.scan(path)
    assert files.failures == {"b.py": "IndexError"}
    assert {result.algorithm for result in judge.results()} == {"MD5"}


def test_files_that_are_all_connected_are_read_a_bounded_number_of_times(monkeypatch: pytest.MonkeyPatch) -> None:
    number, most = 120, 20
    monkeypatch.setattr(program_files, "MAX_LOADED", most)
    contents = {
        f"m{n}.js": (
            f"export * from './m{(n + 1) % number}.js';\nexport * from './m{(n * 7 + 3) % number}.js';\n"
            f"import * as o from './m{(n * 5 + 2) % number}.js';\n"
            "import c from 'crypto';\nc.createHash(o.z || 'md5');\n"
        ).encode()
        for n in range(number)
    }
    judge, reads = Judge(), Counter[str]()

    def read(path: str) -> bytes | None:
        reads[path] += 1
        return contents.get(path)

    files = ProgramFiles(Tree.of(contents), read, judge)
    for path in contents:
        files.scan(path)
    assert {result.place.path for result in judge.results()} == set(contents)
    assert reads.total() < 12 * number


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded on Linux")
def test_a_file_that_takes_all_memory_is_told_and_ends_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run, before, within = Evaluator.load, resource.getrlimit(resource.RLIMIT_AS), []

    def greedy(self: Evaluator, module: Module, scope: Scope, steps: int) -> None:
        if scope.source.path.endswith("b.py"):
            bytearray(2 * scanning._MEMORY_BYTES)
        run(self, module, scope, steps)

    monkeypatch.setattr(Evaluator, "load", greedy)
    paths = [str(tmp_path / name) for name in ("a.py", "b.py", "c.py")]
    for path in paths:
        Path(path).write_text("import hashlib\nimport b\nhashlib.md5(b.x)\n")
    found = scanning.scan(paths, 1, lambda *_: within.append(resource.getrlimit(resource.RLIMIT_AS)[0]))
    assert [(problem.path, problem.text) for problem in found.problems] == [
        (paths[1], "the scanner failed on it: MemoryError")
    ]
    assert {result.place.path for result in found.results} == {paths[0], paths[2]}
    assert all(0 < limit < 1 << 40 for limit in within)
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_headers_that_include_each_other_are_read_once() -> None:
    number = 12
    names = "".join(f'#include "part{each}.h"\n' for each in range(number))
    calls = "".join(f"unknown_{each}(part{each}_do());" for each in range(number))
    files = {f"part{each}.h": f"{names}int part{each}_do(void);\n".encode() for each in range(number)}
    files |= {
        f"part{each}.c": f"#include <openssl/evp.h>\n{names}int part{each}_do(void) {{ {calls} EVP_md5(); }}\n".encode()
        for each in range(number)
    }
    reads: list[str] = []

    def read(path: str) -> bytes | None:
        reads.append(path)
        return files.get(path)

    judge = Judge()
    program = ProgramFiles(Tree.of(files), read, judge)
    for path in files:
        program.scan(path)
    assert not program.failures
    assert len(reads) <= 4 * len(files)
    found = {(result.place.path, result.algorithm) for result in judge.results()}
    assert found == {(f"part{each}.c", "MD5") for each in range(number)}


def test_what_is_beyond_the_depth_of_a_call_is_found() -> None:
    calls = "".join(f"fn f{number}() {{ f{number + 1}(); }}\n" for number in range(9))
    found = results_of({"a.rs": f'use md5::{{Digest, Md5}};\n{calls}fn f9() {{ Md5::digest(b"a"); }}\n'.encode()})
    assert {result.finding for result in found} == {"use", "weak-hash"}


def test_handlers_that_a_small_file_registers_are_read_to_their_end() -> None:
    handler = "  server.get('/%d', async (request) => {\n" + "    log(request.a, [1, 2, 3, 4]);\n" * 300
    route = "".join(handler % number + "    createHash('sha1');\n  });\n" for number in range(12))
    files = {
        "api.js": b"const routes = require('./routes');\nmodule.exports = (server) => routes(server);\n",
        "routes.js": b"const { createHash } = require('crypto');\nmodule.exports = (server) => {%s};" % route.encode(),
    }
    assert sum(each.finding == "weak-hash" for each in results_of(files)) == 12


def test_defaults_of_ini_files_that_each_section_gets_are_bounded() -> None:
    defaults, sections = (b"".join(form % number for number in range(1000)) for form in (b"k%d=1\n", b"[s%d]\n"))
    assert read_ini(b"[DEFAULT]\n" + defaults + sections) is NOTHING
    assert read_ini(b"[DEFAULT]\nk=1\n" + sections) is not NOTHING


def test_names_of_settings_are_bounded() -> None:
    names = "".join(f"  k{number}: 1\n" for number in range(100))
    content = f"? {'a' * 100_000}\n:\n{names}b:\n{names}".encode()
    settings = NamedSettings(["application.yml"], lambda _path: content)
    assert constants(settings.find("b.k1")) == ["1"]
    assert settings.find(f"{'a' * 100_000}.k1") is NOTHING
