"""The examples of a document, taken out and run: what a reader copies has to work.

Fences marked ``sh`` or ``python`` are run in the order of the document, each to its end and with success. A Python
snippet stands alone; a shell snippet hands what it exports to the next ones, as a reader's terminal does. All other
fences (``text``, ``hcl``, ``json``) are only read. The documented address is replaced by that of the server under test.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.products import require_bao
from tests.servers import Server

DOCUMENTED_ADDRESS = "127.0.0.1:8200"
LANGUAGES = ("sh", "python")

_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Snippet:
    """One fenced block that is run."""

    language: str
    text: str
    line: int
    """Where its first line stands in the document, counting from 1."""


class SnippetFailed(Exception):
    """An example of a document doesn't work; the message says where it stands and what happened."""


def extract(document: str) -> list[Snippet]:
    """The blocks of a Markdown text that are to be run, in order. Raises ``SnippetFailed`` if one is never closed."""
    found: list[Snippet] = []
    language: str | None = None
    lines: list[str] = []
    start = 0
    for number, line in enumerate(document.splitlines(), 1):
        if not line.startswith("```"):
            lines.append(line)
        elif language is None:
            language, lines, start = line[3:].strip(), [], number + 1
        else:
            if language in LANGUAGES:
                found.append(Snippet(language, "\n".join(lines) + "\n", start))
            language = None
    if language is not None:
        raise SnippetFailed(f"the block that begins in line {start} is never closed")
    return found


def run_snippets(snippets: Sequence[Snippet], server: Server, directory: Path) -> list[str]:
    """Run all of ``snippets`` against ``server``, in ``directory``, and give what each has printed."""
    scripts = sysconfig.get_path("scripts")
    environment = {
        "PATH": os.pathsep.join([str(require_bao().parent), scripts, os.environ.get("PATH", "")]),
        "HOME": str(directory),
        "PYTHONWARNINGS": "error",
    }
    printed: list[str] = []
    for snippet in snippets:
        text = snippet.text.replace(DOCUMENTED_ADDRESS, f"127.0.0.1:{server.port}")
        if snippet.language == "python":
            arguments = [sys.executable, "-c", text]
        else:
            # What the snippet exports is written behind it, for the next one.
            arguments = ["sh", "-eu", "-c", f"{text}\nenv -0 > .environment\n"]
        done = subprocess.run(
            arguments,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            where = f"the {snippet.language} snippet in line {snippet.line}"
            raise SnippetFailed(f"{where} ended with {done.returncode}:\n{text}\n{done.stdout}{done.stderr}")
        if snippet.language == "sh":
            exported = (directory / ".environment").read_text(encoding="utf-8").split("\0")
            environment = dict(setting.split("=", 1) for setting in exported if "=" in setting)
        printed.append(done.stdout)
    return printed
