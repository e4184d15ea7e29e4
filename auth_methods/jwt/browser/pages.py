"""Pages for a browser that comes back from the provider by itself (mode ``direct``, response mode ``form_post``).

They have no script and no style, which the server's content security policy wouldn't let run, and nothing on them is a
link: the address has the provider's code in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from auth_methods.base import CountedReply
from engines.base import Raw, Reply

_TYPE = "text/html; charset=utf-8"
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
</head>
<body>
<main>
<h1>{title}</h1>
{content}
</main>
</body>
</html>
"""


def confirmation(address: str, role: str, form_method: str, fields: Mapping[str, str]) -> Reply:
    """The question whether the person has begun the login, whose form sends ``fields``, as far as they aren't empty.

    Without it, an attacker could begin a login and send the address to a victim, who only had to open it.
    """
    hidden = "\n".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
        if value
    )
    return _page(
        200,
        "Sign in confirmation required",
        f"""<p>A program at the address below asks to be logged in as you. Confirm only if you have begun this login
yourself; otherwise close this page.</p>
<dl><dt>Source IP</dt><dd>{escape(address or "unknown")}</dd><dt>Role</dt><dd>{escape(role)}</dd></dl>
<form method="{form_method}">
{hidden}
<button>Confirm sign-in</button>
</form>""",
    )


def succeeded() -> Reply:
    """The end of a login that the client may fetch now."""
    return _page(200, "You are logged in", "<p>Return to where you began the login. You may close this page.</p>")


def passed_on() -> Reply:
    """The answer to a client that passes the provider's answer on, before it asks for the token."""
    return _page(200, "Completing the login", "<p>Return to where you began the login.</p>")


def failed(status: int, reason: str) -> CountedReply:
    """The end of a login without success, with an HTTP status."""
    page = _page(status, "Login failed", f"<p>{escape(reason)}</p>")
    return CountedReply(status=page.status, raw=page.raw)


def _page(status: int, title: str, content: str) -> Reply:
    return Reply(status=status, raw=Raw(_TYPE, _PAGE.format(title=title, content=content).encode()))
