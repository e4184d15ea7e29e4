"""Names in a log's folders; a folder that is something else is a finding."""

from __future__ import annotations

from server.audit.ledger.offline.findings import Kind, Report
from server.audit.ledger.offline.sources import BadFile, Listing


def listed(source: Listing, folder: str, kind: Kind, report: Report) -> list[str]:
    """The names in a folder of the log, none if it isn't there. Raises ``Unreadable``."""
    try:
        return source.names(folder)
    except BadFile as error:
        report.add(kind, str(error), file=folder)
        return []
