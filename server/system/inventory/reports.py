"""``inventory/report``: what the inventory tells for a requirement of others, and what it leaves open."""

from __future__ import annotations

from contextlib import aclosing

import msgspec

from engines.base import Call, Operation, Raw, Reply, Route, Row, Scope
from engines.crypto_policy.profiles.judging import utc_day
from engines.faults import InvalidRequest
from server.inventory.documents.used import PRODUCT
from server.inventory.reports.findings import Findings
from server.inventory.reports.items import REPORTS, describe_report, markdown
from server.inventory.walking import Chosen, all_rows
from server.runtime.version import VERSION
from server.system.inventory.parts import own_cryptography
from server.system.inventory.views import NAMES_TELL, AtBody, hiding_of, moment
from server.system.state import System

JSON, MARKDOWN = "json", "markdown"


class ReportBody(AtBody):
    """The requirement, and the form of the report."""

    for_: str = msgspec.field(name="for", default="")
    format: str = JSON
    names: str = ""

    tells = {
        "for": f"Required. One of {', '.join(f'`{each}`' for each in REPORTS)}.",
        "format": f"`{JSON}`, or `{MARKDOWN}` for the finished document.",
        "names": NAMES_TELL,
    }


async def read_report(system: System, call: Call, body: ReportBody) -> Reply:
    """Tell what the inventory has for a requirement, item by item."""
    if body.for_ not in REPORTS:
        raise InvalidRequest(f"for must be one of {', '.join(REPORTS)}")
    if body.format not in (JSON, MARKDOWN):
        raise InvalidRequest(f"format must be {JSON} or {MARKDOWN}")
    at, hiding = moment(body.at, call.now), await hiding_of(system, body.names)
    await system.unsealed.use_writer.flush_all()
    own = await own_cryptography(system, call.now)
    found = Findings(utc_day(at), own, hide_names=hiding is not None)
    async with aclosing(all_rows(system.unsealed, system.tenant, Chosen(), at, use=True)) as rows:
        async for row in rows:
            found.add(row)
    if body.format == MARKDOWN:
        return Reply(raw=Raw("text/markdown", markdown(body.for_, found, f"{PRODUCT} {VERSION}").encode()))
    return Reply(describe_report(body.for_, found))


REPORT_ROUTES: tuple[Row[System], ...] = (
    Route(Operation.READ, "inventory/report", read_report, ReportBody,
          "Report the items that a requirement asks of an inventory.", writes=False, scope=Scope.EACH),
)  # fmt: skip
