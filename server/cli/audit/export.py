"""``cryptoserve audit export DIR|URL``: exports proven entries to other systems."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from cryptoserve_cli.command import Command, CommandFailed, Invocation
from cryptoserve_cli.flags import Flag, Flags, UsageError
from cryptoserve_cli.progress import Progress
from server.audit.ledger.offline.exports.cursor import BadCursor
from server.audit.ledger.offline.exports.formats import FORMATS
from server.audit.ledger.offline.exports.parquet import ParquetSink
from server.audit.ledger.offline.exports.run import Export
from server.audit.ledger.offline.exports.sinks import Sink, SinkFault, open_sink
from server.audit.ledger.offline.findings import GOOD, TAMPERED, UNREADABLE, WEAKER
from server.audit.ledger.offline.proven import NotProven, Weaker
from server.audit.ledger.offline.sources import Unreadable
from server.cli.audit.inputs import KEPT_FLAG, POLICY_FLAG, open_source, read_choice, read_file, read_number, read_trust

_PARQUET = "parquet"
_MAX_HEADER_BYTES = 64 * 1024


def _run(invocation: Invocation) -> int:
    flags = invocation.flags
    form = read_choice(flags, "as", (*FORMATS, _PARQUET))
    follows = flags.has("follow")
    if follows and form == _PARQUET:
        raise UsageError("-follow: a Parquet file has an end")
    cursor = flags.last("cursor")
    source = open_source(flags.operands[0], invocation.environment)
    progress = Progress("exported")
    try:
        trust = read_trust(flags, progress)
        export = Export(source, trust, Path(cursor) if cursor else None, read_number(flags, "from", 0))
        sink = _sink(form, flags)
        try:
            if follows:
                export.follow(sink, progress)
            export.run(sink, progress, durable=form != _PARQUET)
        except BaseException:
            sink.abandon()
            raise
        sink.close()
        export.save()
        if sink.rejected:
            raise CommandFailed(f"{sink.rejected} entries were sent and rejected; they aren't sent again")
    except KeyboardInterrupt:
        # All that was taken is behind the cursor.
        return GOOD
    except NotProven as error:
        sys.stderr.write(f"{error}\n")
        return WEAKER if isinstance(error, Weaker) else TAMPERED
    except (Unreadable, BadCursor, SinkFault, OSError) as error:
        raise CommandFailed(str(error)) from error
    finally:
        progress.end()
        source.close()
    return GOOD


def _sink(form: str, flags: Flags) -> Sink:
    """The sink of the entries. Raises ``SinkFault`` and ``OSError``."""
    target = flags.last("to", "-")
    if form == _PARQUET:
        return ParquetSink(target)
    return open_sink(target, FORMATS[form], _headers(flags.last("header-file")))


def _headers(name: str) -> Mapping[str, str]:
    """The headers that a file has, a line each. Raises ``CommandFailed``."""
    headers = {}
    text = read_file(name, _MAX_HEADER_BYTES).decode("latin-1") if name else ""
    for number, line in enumerate(text.splitlines(), 1):
        key, colon, value = line.partition(":")
        if line.strip() and (not colon or not key.strip()):
            raise CommandFailed(f"{name}: line {number} is no header")
        if line.strip():
            headers[key.strip()] = value.strip()
    return headers


EXPORT = Command(
    "Give entries to other systems",
    _run,
    (
        Flag("as", f"{', '.join(FORMATS)} or {_PARQUET}. The default is {next(iter(FORMATS))}."),
        Flag("to", "A file, tcp://HOST:PORT, udp://HOST:PORT, http:// or https://. The default is -, standard output."),
        Flag("cursor", "A file that keeps how far this has come, to go on from there the next time."),
        Flag("from", "The entry to begin with where there is no cursor yet, as in a log that was pruned."),
        Flag("follow", "Go on with what comes.", takes_value=False),
        Flag("header-file", "A file with headers for HTTP, a line each, such as Authorization: Bearer ..."),
        POLICY_FLAG,
        KEPT_FLAG,
    ),
    ("DIR|URL",),
    more=(
        "Each entry is proven first, and comes at least once; its index is its id. A URL is that of a server, which\n"
        "is sent BAO_TOKEN and BAO_NAMESPACE, or of another log. The exit status is 1 if the log isn't what was\n"
        "signed, 2 if something can't be read or written, and 3 if it has fewer signatures than -policy asks for."
    ),
    failed_status=UNREADABLE,
)
