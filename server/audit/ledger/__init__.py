"""The audit ledger: a transparency log of the audit trail, in the C2SP formats."""
