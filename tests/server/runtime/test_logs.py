"""The form of log lines, who may speak, and what must not be said."""

from __future__ import annotations

import io
import json
import logging
import os
import re
from collections.abc import Iterator

import pytest

from server.runtime.logs import TRACE, JsonFormatter, ReadableFormatter, configure_logs, set_level


@pytest.fixture(autouse=True)
def quiet_again() -> Iterator[None]:
    yield
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler.formatter, (JsonFormatter, ReadableFormatter)):
            root.removeHandler(handler)


def lines_of(stream: io.StringIO) -> list[str]:
    return stream.getvalue().splitlines()


def test_json_has_openbaos_keys() -> None:
    stream = io.StringIO()
    configure_logs("info", "json", stream)
    logging.getLogger("server.core.lifecycle").warning("sealed %s", "now", extra={"fields": {"shares": 3}})
    entry = json.loads(lines_of(stream)[0])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", entry.pop("@timestamp"))
    expected = {
        "@level": "warn",
        "@message": "sealed now",
        "@module": "server.core.lifecycle",
        "@pid": os.getpid(),
        "shares": 3,
    }
    assert entry == expected


def test_readable_is_one_line() -> None:
    stream = io.StringIO()
    configure_logs("info", "standard", stream)
    logging.getLogger("server.core.lifecycle").info("a\nb\x1b[31m", extra={"fields": {"path": "x y", "n": 1}})
    (line,) = lines_of(stream)
    assert re.fullmatch(r"\S+Z \[INFO\]  server\.core\.lifecycle\[\d+\]: a\\nb\\x1b\[31m: path='x y' n=1", line)


def test_levels() -> None:
    stream = io.StringIO()
    configure_logs("info", "json", stream)
    log = logging.getLogger("storage.sqlite.store")
    log.debug("no")
    set_level("trace")
    log.log(TRACE, "yes")
    set_level("error")
    log.warning("no")
    log.error("yes")
    assert [json.loads(line)["@level"] for line in lines_of(stream)] == ["trace", "error"]


def test_other_peoples_loggers_speak_from_warn_upwards() -> None:
    """hpack and uvicorn print headers on their lower levels, and so tokens."""
    stream = io.StringIO()
    configure_logs("trace", "json", stream)
    for name in ("hpack.hpack", "aiosqlite", "uvicorn.error", "hypercorn.error", "asyncio"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)
        logging.getLogger(name).info("secret")
    assert stream.getvalue() == ""


@pytest.mark.parametrize("form", ["json", "standard"])
def test_texts_of_exceptions_are_left_out(form: str) -> None:
    stream = io.StringIO()
    configure_logs("info", form, stream)

    def fail() -> None:
        try:
            raise KeyError("s.topsecret")
        except KeyError as error:
            raise ValueError("hunter2") from error

    try:
        fail()
    except ValueError:
        logging.getLogger("server").exception("a request failed")
    text = stream.getvalue()
    assert "topsecret" not in text
    assert "hunter2" not in text
    assert "ValueError from KeyError" in text
    assert "test_logs.py" in text
    assert ":fail" in text
    assert len(lines_of(stream)) == 1


def test_configuring_again_replaces_the_handler() -> None:
    first, second = io.StringIO(), io.StringIO()
    configure_logs("info", "json", first)
    configure_logs("info", "standard", second)
    logging.getLogger("server").info("once")
    assert first.getvalue() == ""
    assert len(lines_of(second)) == 1
