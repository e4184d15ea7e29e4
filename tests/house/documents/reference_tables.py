"""Writes the tables of parameters in the reference pages from the code.

``python -m tests.house.documents.reference_tables`` does it. All else on those pages is written by hand.
"""

from __future__ import annotations

from tests.house.documents import test_signing_docs, test_transit_docs
from tests.house.sources import ROOT

if __name__ == "__main__":
    for tested in (test_transit_docs, test_signing_docs):
        (ROOT / tested.PAGE.path).write_text(tested.PAGE.with_tables(tested._ITEMS), encoding="utf-8")
