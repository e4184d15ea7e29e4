"""The commands of ``cryptoserve audit``."""

from __future__ import annotations

from cryptoserve_cli.command import group
from server.audit.ledger.offline.findings import UNREADABLE
from server.cli.audit.compare import COMPARE
from server.cli.audit.export import EXPORT
from server.cli.audit.proofs import PROVE, VERIFY_PROOF
from server.cli.audit.query import QUERY
from server.cli.audit.verify import VERIFY

AUDIT = group(
    "Verify, compare, prove, query and export audit ledgers",
    {
        "verify": VERIFY,
        "compare": COMPARE,
        "prove": PROVE,
        "verify-proof": VERIFY_PROOF,
        "query": QUERY,
        "export": EXPORT,
    },
    UNREADABLE,
)
