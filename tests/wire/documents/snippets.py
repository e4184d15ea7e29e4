"""The examples of a document, taken out and run: what a reader copies has to work.

Fences marked ``sh`` or ``python`` are run in the order of the document, each to its end and with success, as a reader
would paste them into one terminal and one Python, which keep what they have defined; Python sees what the terminal has
exported. All other fences (``text``, ``hcl``, ``json``) are only read. Documented
addresses are replaced by those of the servers under test.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.products import require_bao
from tests.support.servers import Server

DOCUMENTED_ADDRESS = "127.0.0.1:8200"
LANGUAGES = ("sh", "python")

_SECONDS = 60
# What a reader's shell and Python do: one snippet after the other, read from files that standard input names.
_SHELL = """
session_exported=$1
while read -r session_snippet; do
  . "$session_snippet" </dev/null
  env -0 >"$session_exported"
  printf '\\0'
done
"""
_INTERPRETER = """
import os, sys
names = {"__name__": "__main__"}
for line in sys.stdin:
    with open(sys.argv[1]) as exported:
        os.environ.clear()
        os.environ.update(setting.split("=", 1) for setting in exported.read().split(chr(0)) if "=" in setting)
    with open(line.rstrip()) as file:
        exec(compile(file.read(), file.name, "exec"), names)
    print(end=chr(0), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Snippet:
    """One fenced block that is run."""

    language: str
    text: str
    line: int
    """Where its first line stands in the document, counting from 1."""

    def __str__(self) -> str:
        return f"the {self.language} snippet in line {self.line}"


class SnippetFailed(Exception):
    """An example of a document doesn't work; the message says where it stands and what happened."""


def extract(document: str) -> list[Snippet]:
    """The blocks of a Markdown text that are to be run, in order. Raises ``SnippetFailed`` if one is never closed."""
    return [snippet for snippet in fences(document) if snippet.language in LANGUAGES]


def fences(document: str) -> list[Snippet]:
    """All fenced blocks of a Markdown text, in order. Raises ``SnippetFailed`` if one is never closed."""
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
            found.append(Snippet(language, "\n".join(lines) + "\n", start))
            language = None
    if language is not None:
        raise SnippetFailed(f"the block that begins in line {start} is never closed")
    return found


class Session:
    """A reader's terminal and Python, in ``directory``. ``replaced`` maps documented addresses to real ones."""

    def __init__(self, directory: Path, replaced: Mapping[str, str], environment: Mapping[str, str]) -> None:
        self._directory = directory
        self._replaced = replaced
        self._kept = Path(tempfile.mkdtemp(prefix="session-"))
        self._exported = self._kept / "exported"
        self._exported.write_text("".join(f"{name}={value}\0" for name, value in environment.items()), encoding="utf-8")
        self._shell = self._start(["sh", "-eu", "-c", _SHELL, "sh", str(self._exported)], environment)
        self._interpreter = self._start([sys.executable, "-c", _INTERPRETER, str(self._exported)], environment)

    def run(self, snippet: Snippet) -> str:
        """What ``snippet`` has printed. Raises ``SnippetFailed``."""
        text = snippet.text
        for documented, real in self._replaced.items():
            text = text.replace(documented, real)
        file = self._kept / f"line {snippet.line}"
        file.write_text(text, encoding="utf-8")
        process = self._interpreter if snippet.language == "python" else self._shell
        assert process.stdin is not None
        process.stdin.write(f"{file}\n".encode())
        process.stdin.flush()
        try:
            return self._printed(process)
        except SnippetFailed as fault:
            complaint = (self._kept / "stderr").read_text(encoding="utf-8", errors="replace")
            raise SnippetFailed(f"{snippet} {fault}:\n{text}\n{complaint}") from None

    def close(self) -> None:
        """End both. Raises ``SnippetFailed`` if one of them doesn't end well."""
        for process in (self._shell, self._interpreter):
            process.communicate(timeout=_SECONDS)
            if process.returncode != 0:
                complaint = (self._kept / "stderr").read_text(encoding="utf-8", errors="replace")
                raise SnippetFailed(f"{process.args!r} ended with {process.returncode}:\n{complaint}")

    def kill(self) -> None:
        """End both at once, and forget what was kept for them."""
        for process in (self._shell, self._interpreter):
            # What a snippet has started in the background goes with it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        shutil.rmtree(self._kept)

    def _start(self, command: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        with (self._kept / "stderr").open("ab") as complaints:
            return subprocess.Popen(
                command,
                cwd=self._directory,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                start_new_session=True,
            )

    def _printed(self, process: subprocess.Popen[bytes]) -> str:
        """What ``process`` prints up to the end of a snippet, which is a zero byte."""
        assert process.stdout is not None
        deadline, printed = time.monotonic() + _SECONDS, b""
        while not printed.endswith(b"\0"):
            if not select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise SnippetFailed(f"takes longer than {_SECONDS} s after {printed!r}")
            if not (more := os.read(process.stdout.fileno(), 65536)):
                raise SnippetFailed(f"failed with {process.wait(_SECONDS)} after {printed.decode(errors='replace')}")
            printed += more
        return printed[:-1].decode()


@contextlib.contextmanager
def session(
    directory: Path, replaced: Mapping[str, str], programs: Sequence[Path] = (), **environment: str
) -> Iterator[Session]:
    """A session that has the commands of the documentation in its path, and before them what lies in ``programs``."""
    path = [*map(str, programs), str(require_bao().parent), sysconfig.get_path("scripts"), os.environ.get("PATH", "")]
    settings = {"PATH": os.pathsep.join(path), "HOME": str(directory), "PYTHONWARNINGS": "error", **environment}
    if real := replaced.get(DOCUMENTED_ADDRESS):
        # What the SDK finds by itself beside a development server: that this is so, tests/sdk/test_settings.py sees.
        settings |= {"CRYPTOSERVE_ADDR": f"http://{real}", "CRYPTOSERVE_TOKEN": "root"}
    made = Session(directory, replaced, settings)
    try:
        yield made
        made.close()
    finally:
        made.kill()


def run_snippets(snippets: Sequence[Snippet], server: Server, directory: Path) -> list[str]:
    """Run all of ``snippets`` against ``server``, in ``directory``, and give what each has printed."""
    with session(directory, {DOCUMENTED_ADDRESS: f"127.0.0.1:{server.port}"}) as reader:
        return [reader.run(snippet) for snippet in snippets]
