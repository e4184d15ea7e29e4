"""Readers of corpora on small copies in the form of each, written here."""

from __future__ import annotations

import base64
import json
import sqlite3
import zipfile
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.scanner.cases import Labelled, UnreadableCorpus
from benchmarks.scanner.command import evaluate
from benchmarks.scanner.corpora import CORPORA
from benchmarks.scanner.readers import (
    cambench,
    codeql,
    cryptoapi_bench,
    gosec,
    juliet_c,
    juliet_java,
    owasp,
    pycryptobench,
    rust_vulnerable_apps,
    semgrep_rules,
)
from benchmarks.scanner.readers.listed import obuhersys, pqc_tools
from benchmarks.scanner.readers.marked import ast_grep_essentials, cryptoanalysis, licma, precli
from benchmarks.scanner.statements import statement_end
from benchmarks.workloads.base import UnknownName

Row = tuple[str, bool, str, int]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def written(name: str, text: str) -> Path:
        path = tmp_path / "copy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return written


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("copy", "scratch"):
        (tmp_path / name).mkdir(exist_ok=True)
    return tmp_path / "copy", tmp_path / "scratch"


def rows(labelled: Labelled) -> list[Row]:
    """Class, whether a finding is expected, and file and first line of each case's first place."""
    return [(case.finding, case.expected, case.places[0].path.name, case.places[0].first) for case in labelled.cases]


Write = Callable[[str, str], Path]
Folders = tuple[Path, Path]


def test_families_of_pqc_tools_are_uses_of_their_files(write: Write, folders: Folders) -> None:
    folder = "packages/core/test/benchmark"
    write(f"{folder}/recall/js/keys.ts", "")
    write(f"{folder}/recall/js/package.json", "")
    expected = [{"family": name} for name in ("RSA", "ECDSA", "ECDH", "SSH")]
    labels = {"$comment": "", "recall/js/keys.ts": {"expected": expected}, "recall/js/gone.ts": {"expected": expected}}
    write(f"{folder}/recall-labels.json", json.dumps({**labels, "recall/js/package.json": {"expected": expected}}))
    found = pqc_tools.read(*folders)
    assert rows(found) == [("use", True, "keys.ts", 1)] * 2
    assert [case.algorithm for case in found.cases] == ["RSA", "EC"]


def test_obuhersys_says_of_each_program_whether_it_is_secure(write: Write, folders: Folders) -> None:
    write("dataset/basic/ecbMode/EcbMode1.js", "")
    write("dataset/basic/ecbMode/Corrected.js", "")
    entries = "- filename: EcbMode1.js\n  secure: no\n- filename: Corrected.js\n  secure: yes\n- filename: Gone.js\n"
    write("dataset/basic/ecbMode/meta.yml", f"{entries}  secure: no\n")
    write("dataset/basic/other/meta.yml", "- filename: EcbMode1.js\n  secure: no\n")
    found = rows(obuhersys.read(*folders))
    assert found == [("ecb-mode", True, "EcbMode1.js", 1), ("ecb-mode", False, "Corrected.js", 1)]


def test_ast_grep_essentials_are_fragments_by_rule(write: Write, folders: Folders) -> None:
    listed = "valid:\n  - |\n    sound()\ninvalid:\n  - |\n    weak()\n  - weaker()\n"
    write("tests/go/use-of-weak-rsa-key-go-test.yml", f"id: a\n{listed}")
    write("tests/go/bind-to-all-interfaces-go-test.yml", f"id: b\n{listed}")
    write("tests/rust/ssl-verify-none-rust-test.yml", "id: c\nvalid:\ninvalid:\n  - weak()\n")
    assert rows(ast_grep_essentials.read(*folders)) == [
        ("weak-key-size", False, "fragment.go", 1),
        ("weak-key-size", True, "fragment.go", 1),
        ("weak-key-size", True, "fragment.go", 1),
        ("disabled-certificate-check", True, "fragment.rs", 1),
    ]


def test_owasp_benchmark(write: Write, folders: Folders) -> None:
    write(
        "expectedresults-0.1.csv",
        "# test name, category, real\nT1,hash,true,328\nT2,weakrand,false,330\nT3,xss,true,79\n",
    )
    assert rows(owasp.read_python(*folders)) == [("weak-hash", True, "T1.py", 1), ("weak-random", False, "T2.py", 1)]
    with pytest.raises(UnreadableCorpus):
        owasp.read_java(*folders)


def test_cryptoapi_bench(write: Write, folders: Folders) -> None:
    write("src/main/java/brokenhash/Weak.java", "")
    write("src/main/java/brokenhash/Sound.java", "")
    write("src/main/java/http/Plain.java", "")
    sheet = [("File", "Vulnerable"), ("Weak.java", "1"), ("Sound", "0"), ("Plain.java", "1"), ("Absent.java", "1")]
    write_sheet(folders[0] / "CryptoAPI-Bench_details.xlsx", sheet)
    assert rows(cryptoapi_bench.read(*folders)) == [
        ("weak-hash", True, "Weak.java", 1),
        ("weak-hash", False, "Sound.java", 1),
    ]


def test_cambench(write: Write, folders: Folders) -> None:
    write("CamBench_Cap/src/main/java/a/ecbmode/One.java", "")
    write("CamBench_Cap/src/main/java/a/ecbmode/One_meta.yaml", "crypto-usage:\n  violation: true\n")
    write("CamBench_Cap/src/main/java/b/ecbmode/Two.java", "")
    write("CamBench_Cap/src/main/java/b/ecbmode/Two_meta1.yaml", "crypto-usage:\n  violation: false\n")
    assert rows(cambench.read(*folders)) == [("ecb-mode", True, "One.java", 1), ("ecb-mode", False, "Two.java", 1)]


def test_juliet_for_java(write: Write, folders: Folders) -> None:
    folder = "src/testcases/CWE328_Reversible_One_Way_Hash"
    name = "CWE328_Reversible_One_Way_Hash__X"
    code = "class C\n{\n    public void bad()\n    {\n    }\n\n    private void good1()\n    {\n    }\n}\n"
    write(f"{folder}/{name}_01.java", code)
    write(f"{folder}/{name}_51a.java", code)
    write(f"{folder}/{name}_51b.java", code)
    write(f"{folder}/{name}_81_bad.java", "")
    labelled = juliet_java.read(*folders)
    assert rows(labelled) == [
        ("weak-hash", True, f"{name}_01.java", 3),
        ("weak-hash", False, f"{name}_01.java", 7),
        ("weak-hash", True, f"{name}_51a.java", 3),
        ("weak-hash", False, f"{name}_51a.java", 7),
        ("weak-hash", True, f"{name}_81_bad.java", 1),
    ]
    assert [place.path.name for place in labelled.cases[2].places] == [f"{name}_51a.java", f"{name}_51b.java"]
    assert (labelled.cases[0].places[0].last, labelled.cases[1].places[0].last) == (5, 9)


def test_juliet_for_c(write: Write, folders: Folders) -> None:
    name = "CWE780_Use_of_RSA_Algorithm_Without_OAEP__X_01.c"
    code = "#ifndef OMITBAD\nvoid bad() {}\n#endif /* OMITBAD */\n#ifndef OMITGOOD\n#endif /* OMITGOOD */\n#endif\n"
    write(f"testcases/CWE780_Use_of_RSA_Algorithm_Without_OAEP/{name}", code)
    assert rows(juliet_c.read(*folders)) == [("weak-padding", True, name, 1), ("weak-padding", False, name, 4)]


def test_pycryptobench(folders: Folders) -> None:
    programs = [("a.py", 7, 1), ("b.py", 7, 0), ("c.py", 15, 1)]
    with closing(sqlite3.connect(folders[0] / "PyCryptoBench.sqlite")) as connection:
        connection.execute(
            "CREATE TABLE main (level_0 INTEGER, FileName TEXT, Rule INTEGER, HasVuln INTEGER, Contents TEXT)"
        )
        content = "b64:" + base64.b64encode(b"import os\n").decode()
        connection.executemany("INSERT INTO main VALUES (1, ?, ?, ?, ?)", [(*each, content) for each in programs])
        connection.commit()
    labelled = pycryptobench.read(*folders)
    assert rows(labelled) == [("ecb-mode", True, "a.py", 1), ("ecb-mode", False, "b.py", 1)]
    assert labelled.cases[0].places[0].path.read_bytes() == b"import os\n"


def test_gosec(write: Write, folders: Folders) -> None:
    samples = "var S = []CodeSample{\n\t{[]string{`package a\n`, `package b\n`}, 1, gosec.NewConfig()},\n"
    write("testutils/g401_samples.go", f"{samples}\t{{[]string{{`package c\n`}}, 0, gosec.NewConfig()}},\n}}\n")
    labelled = gosec.read(*folders)
    assert [(case.finding, case.expected, len(case.places)) for case in labelled.cases] == [
        ("weak-hash", True, 2),
        ("weak-hash", False, 1),
    ]
    assert labelled.cases[1].places[0].path.read_text(encoding="utf-8") == "package c\n"


def test_semgrep_rules(write: Write, folders: Folders) -> None:
    rule = "insecure-hash-algorithm-md5"
    code = f"# ruleid: {rule}, other\n\nhashlib.md5(\n  b)\n# ok:{rule}\nhashlib.sha256(b)\n"
    write("python/lang/a.py", code)
    write("ruby/a.py", code)
    labelled = semgrep_rules.read(*folders)
    assert rows(labelled) == [("weak-hash", True, "a.py", 3), ("weak-hash", False, "a.py", 6)]
    assert labelled.cases[0].places[0].last == 4


def test_codeql(write: Write, folders: Folders) -> None:
    write("go/ql/test/query-tests/Security/CWE-326/a.go", "package a\nvar k = f(1024)\nvar l = f(2048)\n")
    reported = "| a.go:2:9:2:15 | f | a.go:2:11:2:14 | 1024 | text |"
    results = f"edges\n| a.go:9:1:9:2 | x |\n#select\n{reported}\nnodes\n| a.go:3:1:3:2 | x |\n"
    write("go/ql/test/query-tests/Security/CWE-326/A.expected", results)
    write("rust/ql/test/query-tests/security/CWE-327/b.rs", "let a = Md5::new(); // $ Alert[rust/x]\n")
    write("python/ql/test/library-tests/c.py", "h(x) # $ CryptographicOperation CryptographicOperationAlgorithm=SHA1\n")
    write("javascript/ql/test/library-tests/d.js", "f()\n")
    write(
        "javascript/ql/test/library-tests/CryptographicOperation.expected",
        "| d.js:1:1:1:3 | f() | AES | d.js:1:1:1:2 | x | CBC |\n",
    )
    labelled = codeql.read(*folders)
    assert rows(labelled) == [
        ("weak-key-size", True, "a.go", 2),
        ("weak-key-size", False, "a.go", 1),
        ("weak-key-size", False, "a.go", 3),
        ("use", True, "c.py", 1),
        ("use", True, "d.js", 1),
    ]
    assert [case.algorithm for case in labelled.cases[-2:]] == ["SHA1", "AES"]


def test_codeql_of_rust(write: Write, folders: Folders) -> None:
    tests = "rust/ql/test/query-tests/security"
    write(f"{tests}/CWE-327/a.rs", "let a = Md5::new(); // $ Alert[rust/x]\n\nlet b = Sha256::new();\n")
    write(f"{tests}/CWE-295/b.rs", "c.danger_accept_invalid_certs(true); // $ Alert[rust/y]\nd();\n")
    write(f"{tests}/CWE-798/c.rs", "let k = [0; 16]; // $ MISSING: Alert[rust/z]\nlet c = Aes::new(&k);\n")
    write(f"{tests}/CWE-798/test_heuristic.rs", "login(password: &str) // $ Alert[rust/z]\n")
    assert sorted(rows(codeql.read_rust(*folders))) == [
        ("disabled-certificate-check", False, "b.rs", 2),
        ("disabled-certificate-check", True, "b.rs", 1),
        ("weak-cipher", True, "a.rs", 1),
    ]
    (keys,) = codeql.read_rust_keys(*folders).cases
    assert (keys.places[0].path.name, keys.places[0].first, keys.places[0].last) == ("c.rs", 1, 4)
    assert keys.accepted == {"hardcoded-key", "static-iv", "static-salt"}


def test_rust_vulnerable_apps(write: Write, folders: Folders) -> None:
    for name in ("hardcoded_secret_bad_1", "hardcoded_secret_good_1", "other_1"):
        write(f"hardcoded_secret/{name}/src/main.rs", "fn main() {}\n")
    labelled = rust_vulnerable_apps.read(*folders)
    assert [(case.finding, case.expected) for case in labelled.cases] == [
        ("hardcoded-key", True),
        ("hardcoded-key", False),
    ]


def test_precli(write: Write, folders: Folders) -> None:
    examples = "tests/unit/rules/python/stdlib/ssl/examples"
    write(f"{examples}/ssl_context_sslv3.py", "# level: ERROR\n# start_line: 5\nimport ssl\n\nssl.SSLContext(3)\n")
    write(f"{examples}/wrap_socket_sslv2.py", "# level: ERROR\n# start_line: 4\nf(\n    2,\n)\n")
    write(f"{examples}/create_default_context.py", "# level: NONE\nimport ssl\n")
    write(f"{examples}/get_server_certificate_no_timeout.py", "# level: ERROR\n# start_line: 3\nf()\n")
    assert rows(precli.read(*folders)) == [
        ("disabled-certificate-check", False, "create_default_context.py", 1),
        ("weak-protocol", True, "ssl_context_sslv3.py", 5),
        ("weak-protocol", True, "wrap_socket_sslv2.py", 3),
    ]


def test_licma(write: Write, folders: Folders) -> None:
    cases = "resources/test_cases/python/PyCrypto"
    write(
        f"{cases}/TestRule2.py", "IV = b'0'\n\ndef p_one(key):\n    aes(key, IV)\n\n\ndef n_one(key):\n    aes(key)\n"
    )
    head = "File;Rule;Hit-Type;Misuse;Misuse-Line;Parameter-Value;Parameter-Type;Parameter-Line\n"
    write(f"{cases}/TestRule2ExpectedMisuses.csv", f"{head}f;r;critical;m;4;v;t;1\nf;r;warning;m;9;v;t;9\n")
    write("resources/test_cases/java/TestRule6.java", "new SecureRandom(seed);\n")
    write("resources/test_cases/java/TestRule6ExpectedMisuses.csv", f"{head}f;r;critical;m;1;v;t;1\n")
    labelled = licma.read(*folders)
    assert rows(labelled) == [
        ("static-seed", True, "TestRule6.java", 1),
        ("static-iv", True, "TestRule2.py", 4),
        ("static-iv", False, "TestRule2.py", 7),
    ]
    assert [place.first for place in labelled.cases[1].places] == [4, 1]


def test_cryptoanalysis_names_what_its_programs_show(write: Write, folders: Folders) -> None:
    programs = "CryptoAnalysisTargets/BragaCryptoBench"
    write(f"{programs}/cryptomisuses/constantKey/src/HardCodedKey.java", "")
    write(f"{programs}/cryptomisuses/undefinedCSP/src/UndefinedProvider1.java", "")
    write(f"{programs}/cryptomisuses/weakConfigsRSA/src/ImproperConfigRSA_1024x160_1.java", "")
    write(f"{programs}/cryptomisuses/weakConfigsRSA/src/ImproperConfigRSA_4096x160_1.java", "")
    write(f"{programs}/cryptogooduses/randomIV/src/UseRandomIVsForCBC.java", "")
    labelled = cryptoanalysis.read(*folders)
    assert rows(labelled) == [
        ("hardcoded-key", True, "HardCodedKey.java", 1),
        ("weak-key-size", True, "ImproperConfigRSA_1024x160_1.java", 1),
        ("static-iv", False, "UseRandomIVsForCBC.java", 1),
    ]


@pytest.mark.parametrize("corpus", CORPORA, ids=lambda corpus: corpus.folder)
def test_a_copy_without_labels_is_named(corpus, folders: Folders) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UnreadableCorpus):
        corpus.read(*folders)


def test_missing_corpora_are_named_and_unknown_ones_refused(tmp_path: Path) -> None:
    said: list[str] = []
    evaluated, missing = evaluate(tmp_path, [], said.append)
    assert (evaluated, missing) == ([], list(CORPORA))
    assert all(corpus.repository in line and corpus.commit in line for corpus, line in zip(CORPORA, said, strict=True))
    with pytest.raises(UnknownName):
        evaluate(tmp_path, ["nothing"], said.append)


def test_statements_end_where_their_brackets_close() -> None:
    lines = ["f(a,", "  g(b),", ")", "h()", "if (x) {", "}", "a()", "  .b()", "  .c();"]
    assert [statement_end(lines, number) for number in (1, 2, 4, 5, 7)] == [3, 2, 4, 5, 9]


def write_sheet(path: Path, cells: Iterable[tuple[str, str]]) -> None:
    """A spreadsheet whose columns B and D are ``cells``, B as shared texts."""
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    texts, lines = "", ""
    for number, (name, value) in enumerate(cells):
        texts += f"<si><t>{name}</t></si>"
        lines += f'<row><c r="B{number + 1}" t="s"><v>{number}</v></c><c r="D{number + 1}"><v>{value}</v></c></row>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/sharedStrings.xml", f"<sst {space}>{texts}</sst>")
        archive.writestr("xl/worksheets/sheet1.xml", f"<worksheet {space}><sheetData>{lines}</sheetData></worksheet>")
