"""Tools: encrypt and decrypt, sign and verify with a key, by hand."""

from __future__ import annotations

from dataclasses import replace

from server.console.forms import Field, Form, Kind
from server.console.pages.mounts import STREAMING_ENGINE, key_mounts
from server.console.visit import Content, Page, Visit

_KEY = (
    Field("mount", "Mount", Kind.CHOICE, "transit", required=True),
    Field("name", "Key", required=True),
)

_ENGINES = (STREAMING_ENGINE, "pqc")
"""The engines that have some of these operations."""

_OPERATIONS = (
    Form(
        "encrypt",
        "Encrypt",
        "{mount}/encrypt/{name}",
        (
            *_KEY,
            Field("plaintext", "Plaintext", Kind.MESSAGE, required=True),
            Field("associated_data", "Associated data", Kind.MESSAGE),
        ),
    ),
    Form(
        "decrypt",
        "Decrypt",
        "{mount}/decrypt/{name}",
        (
            *_KEY,
            Field("ciphertext", "Ciphertext", Kind.AREA, required=True),
            Field("associated_data", "Associated data", Kind.MESSAGE),
        ),
    ),
    Form(
        "rewrap",
        "Rewrap",
        "{mount}/rewrap/{name}",
        (*_KEY, Field("ciphertext", "Ciphertext", Kind.AREA, required=True)),
    ),
    Form("sign", "Sign", "{mount}/sign/{name}", (*_KEY, Field("input", "Message", Kind.MESSAGE, required=True))),
    Form(
        "verify",
        "Verify",
        "{mount}/verify/{name}",
        (
            *_KEY,
            Field("input", "Message", Kind.MESSAGE, required=True),
            Field("signature", "Signature", Kind.AREA, required=True),
        ),
    ),
    Form("hmac", "HMAC", "{mount}/hmac/{name}", (*_KEY, Field("input", "Message", Kind.MESSAGE, required=True))),
)

_FILES = (
    Form("file_encrypt", "encrypt", "{mount}/stream/encrypt/{name}"),
    Form("file_decrypt", "decrypt", "{mount}/stream/decrypt/{name}"),
    Form("file_sign", "sign", "{mount}/sign/{name}"),
    Form("file_verify", "verify", "{mount}/verify/{name}"),
)
"""Operations on files of any size, see ``server.console.files``."""

FORMS = tuple(replace(form, takes_files=True) for form in _OPERATIONS)


async def load(visit: Visit) -> Content:
    """The forms, with the key that ``?mount=`` and ``?name=`` name."""
    mounts = {mount: type for mount, type in (await key_mounts(visit.api)).items() if type in _ENGINES}
    named = {name: visit.query[name] for name in ("mount", "name") if name in visit.query}
    context = {
        "streaming": [mount for mount, type in mounts.items() if type == STREAMING_ENGINE],
        "max_file": visit.api.max_bytes // 4 * 3,
    }
    return Content(context, values=named, choices={"mount": list(mounts)}, elsewhere=_FILES)


TOOLS = Page("/ui/tools", "Tools", "tools.html", load, FORMS)
