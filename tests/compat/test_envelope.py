"""Bodies of answers, compared byte by byte with what OpenBao 2.7.2 sent."""

from __future__ import annotations

import json

import pytest

from compat.envelope import bare_body, errors_body, success_body
from compat.statuses import internal_error_text, status_of, texts_of
from engines import faults

ID = "d9ec778c-60d6-8a22-6ddd-eaf5b6cd4dbb"
START = b'{"request_id":"d9ec778c-60d6-8a22-6ddd-eaf5b6cd4dbb","lease_id":"","renewable":false,"lease_duration":0,'


def test_data() -> None:
    assert success_body(ID, {"x": "<&>"}) == (
        START + b'"data":{"x":"\\u003c\\u0026\\u003e"},"wrap_info":null,"warnings":null,"auth":null}\n'
    )


def test_warnings() -> None:
    assert success_body(ID, None, warnings=["a", "b"]) == (
        START + b'"data":null,"wrap_info":null,"warnings":["a","b"],"auth":null}\n'
    )


def test_a_token() -> None:
    auth = {"client_token": "s.t", "policies": ["root"], "metadata": None}
    assert success_body(ID, None, auth=auth) == (
        START + b'"data":null,"wrap_info":null,"warnings":null,'
        b'"auth":{"client_token":"s.t","policies":["root"],"metadata":null}}\n'
    )


def test_a_wrapped_answer() -> None:
    wrap = {"token": "s.t", "accessor": "acc", "ttl": 60}
    assert success_body("", None, wrap=wrap) == (
        b'{"request_id":"","lease_id":"","renewable":false,"lease_duration":0,"data":null,'
        b'"wrap_info":{"token":"s.t","accessor":"acc","ttl":60},"warnings":null,"auth":null}\n'
    )


def test_a_bare_answer() -> None:
    assert bare_body({"sealed": True}) == b'{"sealed":true}\n'


def test_data_is_repeated_for_some_paths() -> None:
    assert success_body(ID, {"a": ["root"], "capabilities": ["root"]}, echo=True) == (
        b'{"a":["root"],"capabilities":["root"],' + START[1:] + b'"data":{"a":["root"],"capabilities":["root"]},'
        b'"wrap_info":null,"warnings":null,"auth":null}\n'
    )
    assert success_body(ID, {}, echo=True).startswith(START)


def test_repeated_data_never_stands_in_for_the_envelope() -> None:
    body = success_body(ID, {"auth": {"client_token": "x"}}, echo=True)
    assert body.startswith(START)
    assert json.loads(body)["auth"] is None


def test_errors() -> None:
    assert errors_body(()) == b'{"errors":[]}\n'
    assert errors_body(["a <b>"]) == b'{"errors":["a \\u003cb\\u003e"]}\n'


class Special(faults.NotFound):
    """A fault of somebody's own."""


class Stray(faults.Fault):
    """A fault outside of the known classes."""


@pytest.mark.parametrize(
    ("fault", "status", "texts"),
    [
        (faults.InvalidRequest("x"), 400, ("x",)),
        (faults.InvalidRequest(None), 400, ()),
        (faults.InvalidRequest("x", wrapped=True), 400, ("1 error occurred:\n\t* x\n\n",)),
        (faults.Unauthenticated(), 403, ("permission denied",)),
        (faults.Denied(), 403, ("1 error occurred:\n\t* permission denied\n\n",)),
        (faults.NotFound(), 404, ()),
        (Special("x"), 404, ("x",)),
        (faults.UnsupportedPath(), 404, ("1 error occurred:\n\t* unsupported path\n\n",)),
        (faults.UnsupportedOperation(), 405, ("1 error occurred:\n\t* unsupported operation\n\n",)),
        (faults.UnsupportedOperation(None), 405, ()),
        (faults.TooLarge("http: request body too large"), 413, ("http: request body too large",)),
        (faults.RateLimited("x"), 429, ("x",)),
        (faults.Failed("x"), 500, ("1 error occurred:\n\t* x\n\n",)),
        (Stray("x"), 500, ("x",)),
        (faults.Sealed(), 503, ("Vault is sealed",)),
        (faults.Unavailable("x"), 503, ("x",)),
    ],
)
def test_statuses(fault: faults.Fault, status: int, texts: tuple[str, ...]) -> None:
    assert (status_of(fault), texts_of(fault)) == (status, texts)
    assert texts_of(fault, public=True) == ((fault.message,) if fault.message else ())


def test_every_fault_has_a_status_of_its_own_choosing() -> None:
    for kind in vars(faults).values():
        if isinstance(kind, type) and issubclass(kind, faults.Fault) and kind not in (faults.Fault, faults.Failed):
            assert status_of(kind()) != 500, kind


def test_a_bug_says_nothing_but_its_request() -> None:
    assert internal_error_text(ID) == f"internal error (request id {ID})"
