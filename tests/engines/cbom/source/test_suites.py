"""Lists of TLS cipher suites."""

from __future__ import annotations

import pytest

from engines.cbom.source.judging.suites import weak_algorithms


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("HIGH:!aNULL:!MD5:!RC4", ()),
        ("ECDHE-RSA-AES128-GCM-SHA256", ()),
        ("RC4-SHA:DES-CBC3-SHA", ("RC4", "3DES")),
        ("EDH-RSA-DES-CBC-SHA", ("DES",)),
        ("ALL:!RC4:eNULL", ("NULL",)),
        ("DEFAULT:!RC4:RC4-MD5", ("MD5",)),
        ("EXP-RC2-CBC-MD5", ("DES", "RC2", "MD5")),
        ("NORMAL:+ARCFOUR-128", ("RC4",)),
        ("TLS_RSA_WITH_3DES_EDE_CBC_SHA,TLS_RSA_WITH_NULL_SHA", ("3DES", "NULL")),
        ("NORMAL:-3DES-CBC", ()),
        ("NORMAL:+VERS-SSL3.0:+VERS-TLS1.0:-VERS-TLS1.1", ("SSLv3", "TLSv1.0")),
        ("", ()),
    ],
)
def test_weak_algorithms_of_a_list(text: str, found: tuple[str, ...]) -> None:
    assert weak_algorithms(text) == found
