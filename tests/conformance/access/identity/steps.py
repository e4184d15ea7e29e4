"""Steps that scenarios of identity share."""

from __future__ import annotations

from tests.conformance.steps import Step

NAME = ("data.name",)
"""A name that the server makes up."""

MOUNTS = (
    Step("enable", "POST sys/auth/{m}", 204, {"type": "userpass"}),
    Step("mount", "GET sys/auth/{m}", 200, saves={"up": "data.accessor"}),
    Step("enable another", "POST sys/auth/{m}-2", 204, {"type": "approle"}),
    Step("another mount", "GET sys/auth/{m}-2", 200, saves={"ar": "data.accessor"}),
)

UNMOUNT = (
    Step("unmount", "DELETE sys/auth/{m}", 204),
    Step("unmount another", "DELETE sys/auth/{m}-2", 204),
)


def policy(name: str, *rules: str) -> Step:
    text = " ".join(f'path "{path}" {{ capabilities = ["read"] }}' for path in rules)
    return Step(f"policy {name}", f"POST sys/policies/acl/{name}", 204, {"policy": text})
