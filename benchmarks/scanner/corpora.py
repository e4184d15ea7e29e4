"""Corpora with ground truth: where each comes from, what it is for, how its labels are read.

None is part of this repository. A copy is a checkout of the commit, in a folder with the name that stands here.
Corpora for tuning may be looked at while rules are written; those for reporting may not, and their figures are the ones
to go by.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from benchmarks.scanner.cases import Reader
from benchmarks.scanner.readers import (
    bearer_rules,
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
from benchmarks.scanner.readers.marked import (
    ast_grep_essentials,
    cryptoanalysis,
    licma,
    precli,
    sonar,
    sonar_cryptography,
)


class Purpose(Enum):
    """Use of a corpus."""

    TUNING = "tuning"
    REPORTING = "reporting"


@dataclass(frozen=True, slots=True)
class Corpus:
    """A corpus: ``folder`` below the folder of all corpora holds ``commit`` of the GitHub repository ``repository``."""

    folder: str
    repository: str
    commit: str
    purpose: Purpose
    read: Reader


CORPORA = (
    Corpus(
        "BenchmarkJava",
        "OWASP-Benchmark/BenchmarkJava",
        "79b9bd6177e07991a9c11dc19e457c840e229931",
        Purpose.TUNING,
        owasp.read_java,
    ),
    Corpus(
        "BenchmarkPython",
        "OWASP-Benchmark/BenchmarkPython",
        "7cf0674b9a33788ac3105e4c4a75a7fdce4c44bd",
        Purpose.TUNING,
        owasp.read_python,
    ),
    Corpus(
        "CryptoAPI-Bench",
        "CryptoAPI-Bench/CryptoAPI-Bench",
        "e6b6b50fef6970151300c1ac2de62e188ba6de19",
        Purpose.REPORTING,
        cryptoapi_bench.read,
    ),
    Corpus(
        "CamBench",
        "CROSSINGTUD/CamBench",
        "592bf3b115e0f39f7bc1e830091c0ec3f6794966",
        Purpose.TUNING,
        cambench.read,
    ),
    Corpus(
        "juliet-test-suite",
        "find-sec-bugs/juliet-test-suite",
        "b2c6df3733e2176fe7097e4784895c6891632b4c",
        Purpose.TUNING,
        juliet_java.read,
    ),
    Corpus(
        "juliet-test-suite-c",
        "arichardson/juliet-test-suite-c",
        "f88433e3443648a17671398797a04ea1f8e1a274",
        Purpose.REPORTING,
        juliet_c.read,
    ),
    Corpus(
        "PyCryptoBench",
        "franceme/PyCryptoBench",
        "483fccee4328d5534b35a5bcf16ed5af50e57a66",
        Purpose.REPORTING,
        pycryptobench.read,
    ),
    Corpus(
        "gosec",
        "securego/gosec",
        "45b083a0cb42119d61b1e0e364d8c62c68f6f5cd",
        Purpose.TUNING,
        gosec.read,
    ),
    Corpus(
        "semgrep-rules",
        "semgrep/semgrep-rules",
        "157ae4706d7f54aa33647332f234dd68f30da195",
        Purpose.TUNING,
        semgrep_rules.read,
    ),
    Corpus(
        "codeql",
        "RasmusWL/codeql",
        "663c83d8c68bf12bb5a1116cca8edc188c7d46d0",
        Purpose.REPORTING,
        codeql.read,
    ),
    Corpus(
        "codeql-rust",
        "microsoft/codeql",
        "b476939a852fb30127967b833733b7a65367c4d3",
        Purpose.REPORTING,
        codeql.read_rust,
    ),
    Corpus(
        "codeql-rust-keys",
        "paldepind/codeql",
        "dc3b7aaab045df81b96aa9ac8d9bc2922d448d45",
        Purpose.TUNING,
        codeql.read_rust_keys,
    ),
    Corpus(
        "rust-vulnerable-apps",
        "snyk/rust-vulnerable-apps",
        "f709169a796f94c3ede1c599c3f32735e598a773",
        Purpose.REPORTING,
        rust_vulnerable_apps.read,
    ),
    Corpus(
        "sonar-java",
        "SonarSource/sonar-java",
        "3f13e227ff14557e877674b6696af6faa049eeb9",
        Purpose.TUNING,
        sonar.read_java,
    ),
    Corpus(
        "sonar-python",
        "SonarSource/sonar-python",
        "bc7197219001ec84b7ed59d8ea44ceede9c3b1e0",
        Purpose.TUNING,
        sonar.read_python,
    ),
    Corpus(
        "SonarJS",
        "SonarSource/SonarJS",
        "8cd6c081dff36071499a9c35b54306bdbbeccb43",
        Purpose.TUNING,
        sonar.read_javascript,
    ),
    Corpus(
        "bearer-rules",
        "Bearer/bearer-rules",
        "82c335f781a61a6d8b052394f84fd1d93edec467",
        Purpose.TUNING,
        bearer_rules.read,
    ),
    Corpus(
        "sonar-cryptography",
        "cbomkit/sonar-cryptography",
        "260d5872f276bf4ae57a0c3fa59a642709484eab",
        Purpose.TUNING,
        sonar_cryptography.read,
    ),
    Corpus(
        "obuhersys",
        "pbrucla/obuhersys",
        "4afb3379396b4e47cffc0c4ea57e381cff91c736",
        Purpose.TUNING,
        obuhersys.read,
    ),
    Corpus(
        "precli",
        "securesauce/precli",
        "243b7ef775e629ccf96a6821001d0606f3952562",
        Purpose.TUNING,
        precli.read,
    ),
    Corpus(
        "licma",
        "stg-tud/licma",
        "b899e6e682f7716d19e79d6ce7b73c28c6efd4cf",
        Purpose.TUNING,
        licma.read,
    ),
    Corpus(
        "CryptoAnalysis",
        "CROSSINGTUD/CryptoAnalysis",
        "88aa13b6c87b47364fcf96e04718d51a6c08e2ac",
        Purpose.TUNING,
        cryptoanalysis.read,
    ),
    Corpus(
        "pqc-tools",
        "quantakrypto/pqc-tools",
        "6a81b5537eaedf61f259334b4e430e580c35942c",
        Purpose.TUNING,
        pqc_tools.read,
    ),
    Corpus(
        "ast-grep-essentials",
        "coderabbitai/ast-grep-essentials",
        "73120109bf45c284d0cd8a37bdd7082e80e92e87",
        Purpose.TUNING,
        ast_grep_essentials.read,
    ),
)
