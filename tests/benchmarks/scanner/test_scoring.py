"""Findings held against cases, and the SARIF that they are read from."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.scanner.cases import Case, Place
from benchmarks.scanner.corpora import CORPORA, Purpose
from benchmarks.scanner.report import Evaluated, render
from benchmarks.scanner.running import ScanFailed, read_findings, scan
from benchmarks.scanner.scoring import Finding, add_scores, score
from benchmarks.scanner.unkept import UNKEPT, unkept

A, B = Path("/corpus/a.py"), Path("/corpus/b.py")
KEY = ("Python", "weak-hash")


def test_a_finding_of_the_class_on_the_lines_of_a_weak_place_is_found() -> None:
    scores = score([Case("weak-hash", True, (Place(A, 3, 5),))], [Finding("weak-hash", Place(A, 5, 6))])
    assert (scores[KEY].found, scores[KEY].missed, scores[KEY].recall, scores[KEY].precision) == (1, [], 1.0, 1.0)


@pytest.mark.parametrize(
    "finding",
    [
        Finding("weak-hash", Place(A, 6, 6)),
        Finding("weak-hash", Place(B, 3, 5)),
        Finding("weak-cipher", Place(A, 3, 5)),
        Finding("use", Place(A, 3, 5)),
    ],
)
def test_other_lines_files_and_classes_leave_it_missed(finding: Finding) -> None:
    case = Case("weak-hash", True, (Place(A, 3, 5),))
    scores = score([case], [finding])
    assert (scores[KEY].found, scores[KEY].missed, scores[KEY].precision) == (0, [case], None)


def test_a_finding_in_a_sound_place_is_wrong_and_none_there_counts_in_nothing() -> None:
    sound, quiet = Case("weak-hash", False, (Place(A),)), Case("weak-hash", False, (Place(B),))
    scores = score([sound, quiet], [Finding("weak-hash", Place(A, 9, 9)), Finding("weak-hash", Place(A, 12, 12))])
    assert (scores[KEY].wrong, scores[KEY].precision, scores[KEY].recall) == ([sound], 0.0, None)


def test_a_case_is_found_in_any_of_its_places_and_in_any_class_that_it_accepts() -> None:
    case = Case("weak-hash", True, (Place(A), Place(B)), frozenset({"weak-hash", "weak-kdf"}))
    assert score([case], [Finding("weak-kdf", Place(B, 1, 1))])[KEY].found == 1


def test_a_use_counts_for_its_algorithm_however_that_is_spelled() -> None:
    case = Case("use", True, (Place(A),), algorithm="SHA1")
    assert score([case], [Finding("use", Place(A, 1, 1), "SHA-1")])["Python", "use"].found == 1
    assert score([case], [Finding("use", Place(A, 1, 1), "MD5")])["Python", "use"].found == 0
    assert score([case], [Finding("use", Place(A, 1, 1))])["Python", "use"].found == 0


def test_scores_add_up() -> None:
    case = Case("weak-hash", True, (Place(A),))
    total = add_scores([score([case], []), score([case], [Finding("weak-hash", Place(A))])])
    assert (total[KEY].found, len(total[KEY].missed), total[KEY].recall) == (1, 1, 0.5)


def test_the_page_has_a_row_for_each_class_and_names_what_is_missing() -> None:
    corpus = next(each for each in CORPORA if each.purpose is Purpose.REPORTING)
    scores = score([Case("weak-hash", True, (Place(A),)), Case("use", True, (Place(A),))], [Finding("use", Place(A))])
    page = render([Evaluated(corpus, scores, scores, {}, 1.5)], [CORPORA[0]])
    assert "| Python | weak-hash | 1 | 0 % | - | 1 | 0 |" in page
    assert "| Python | **all weaknesses** | 1 | 0 % | - | 1 | 0 |" in page
    assert f"{CORPORA[0].repository} | `{CORPORA[0].commit[:12]}` | tuning | missing" in page


def test_labels_of_numbers_that_become_no_secret_have_a_second_total_and_are_listed() -> None:
    group = UNKEPT[0]
    printed = Case("weak-random", True, (Place(Path("/corpus/rule_05_Global_0.py")),))
    others = [Case("weak-random", True, (Place(A),)), Case("weak-hash", True, printed.places)]
    assert [unkept(group.folder, each) for each in (printed, *others)] == [group, None, None]
    assert unkept("another", printed) is None
    corpus = next(each for each in CORPORA if each.folder == group.folder)
    page = render([Evaluated(corpus, score([printed, *others], []), score(others, []), {group: 1}, 1.5)], [])
    assert "| Python | **all weaknesses** | 3 | 0 % | - | 3 | 0 |" in page
    assert "| Python | **all but weak-random without a secret** | 2 | 0 % | - | 2 | 0 |" in page
    assert f"| `{group.files.pattern}` | 1 | {group.reason} |" in page


def test_findings_are_read_from_sarif() -> None:
    result = {
        "properties": {"finding": "weak-hash", "algorithm": "MD5"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "a%20b/c.py", "uriBaseId": "ROOT"},
                    "region": {"startLine": 4, "endLine": 6},
                }
            }
        ],
    }
    report = {"runs": [{"originalUriBaseIds": {"ROOT": {"uri": "file:///corpus/"}}, "results": [result]}]}
    assert list(read_findings(report)) == [Finding("weak-hash", Place(Path("/corpus/a b/c.py"), 4, 6), "MD5")]


@pytest.mark.parametrize("command", [("false",), ("/no/such/command",), ("true",)])
def test_a_scanner_that_does_not_answer_is_named(command: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(ScanFailed):
        scan([tmp_path], command)
