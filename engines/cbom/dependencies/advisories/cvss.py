"""The base score of CVSS 3.0 and 3.1 vectors, which databases give instead of a word."""

from __future__ import annotations

import math

from engines.cbom.dependencies.advisories.model import Severity

_WEIGHTS = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "UI": {"N": 0.85, "R": 0.62},
    "C": {"H": 0.56, "L": 0.22, "N": 0.0},
    "I": {"H": 0.56, "L": 0.22, "N": 0.0},
    "A": {"H": 0.56, "L": 0.22, "N": 0.0},
}
_PRIVILEGES = {"U": {"N": 0.85, "L": 0.62, "H": 0.27}, "C": {"N": 0.85, "L": 0.68, "H": 0.5}}
_RATINGS = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MODERATE), (0.1, Severity.LOW))


def severity_of_vector(vector: str) -> Severity:
    """The qualitative rating of a vector (CVSS 3.1, sections 5 and 7.1); unknown for other versions and other texts."""
    version, *metrics = vector.split("/")
    if version not in ("CVSS:3.0", "CVSS:3.1"):
        return Severity.UNKNOWN
    given = dict(metric.partition(":")[::2] for metric in metrics)
    try:
        score = _base_score(given)
    except KeyError:
        return Severity.UNKNOWN
    return next((severity for least, severity in _RATINGS if score >= least), Severity.UNKNOWN)


def _base_score(given: dict[str, str]) -> float:
    weight = {metric: values[given[metric]] for metric, values in _WEIGHTS.items()}
    scope = given["S"]
    missed = 1 - (1 - weight["C"]) * (1 - weight["I"]) * (1 - weight["A"])
    if scope == "C":
        impact = 7.52 * (missed - 0.029) - 3.25 * (missed - 0.02) ** 15
    else:
        impact = 6.42 * missed
    exploitability = 8.22 * weight["AV"] * weight["AC"] * _PRIVILEGES[scope][given["PR"]] * weight["UI"]
    if impact <= 0:
        return 0.0
    return math.ceil(round(min((1.08 if scope == "C" else 1.0) * (impact + exploitability), 10) * 10, 5)) / 10
