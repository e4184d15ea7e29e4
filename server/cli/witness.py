"""``cryptoserve witness CONFIG``: signs checkpoints that extend the last ones of their logs."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import uvicorn

from cryptoserve_cli.command import Command, CommandFailed, Invocation
from server.audit.ledger.witness.app import witness_app
from server.audit.ledger.witness.config import BadConfig, read_config, read_key
from server.audit.ledger.witness.records import Records
from server.audit.ledger.witness.witness import WitnessService

_KEEP_ALIVE_SECONDS = 75


def _run(invocation: Invocation) -> int:
    try:
        config = read_config(Path(invocation.flags.operands[0]))
        signer = read_key(config.key_file, config.name)
        records = Records(config.database)
    except BadConfig as error:
        raise CommandFailed(str(error)) from error
    except sqlite3.Error as error:
        raise CommandFailed(f"can't use {config.database}: {error}") from error
    sys.stdout.write(f"Witness {config.name} at {config.host}:{config.port}\n{signer.verifier}\n")
    sys.stdout.flush()
    try:
        uvicorn.run(
            witness_app(WitnessService(signer, config.logs, records)),
            host=config.host,
            port=config.port,
            log_level="warning",
            access_log=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            server_header=False,
        )
    finally:
        records.close()
    return 0


COMMAND = Command(
    "Run a witness of audit ledgers and other transparency logs",
    _run,
    operands=("CONFIG",),
    more=(
        'CONFIG is a file in HCL or JSON: listen, database, name, key_file, and log "VKEY" {} for each key of a log.\n'
        "The key is made if it isn't there; its verifier key is beside it, in a file that ends in .pub."
    ),
)
