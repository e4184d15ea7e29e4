"""Steps that make namespaces, and tokens and policies in them."""

from __future__ import annotations

from tests.conformance.steps import Json, Step

IN = {"X-Vault-Namespace": "one"}
ID = ("data.id",)
EVERYTHING = 'path "*" { capabilities = ["create", "read", "update", "delete", "list", "patch", "scan", "sudo"] }'
INTO = 'path "a/t/*" { capabilities = ["read"] } path "a/c/sys/auth" { capabilities = ["read"] }'
NO_SUDO = 'path "*" { capabilities = ["create", "read", "update", "delete", "list", "patch"] }'


def inside(namespace: str, **more: str) -> dict[str, str]:
    return {"X-Vault-Namespace": namespace, **{name.replace("_", "-"): value for name, value in more.items()}}


def make(*paths: str) -> tuple[Step, ...]:
    """Steps that make namespaces."""
    return tuple(
        Step(
            f"make {path}",
            f"POST sys/namespaces/{path.rpartition('/')[2]}",
            200,
            {},
            headers=inside(path.rpartition("/")[0]) if "/" in path else {},
            random=ID,
        )
        for path in paths
    )


def give_token(name: str, namespace: str, policy: str, *, token: str = "{root}", **more: Json) -> Step:
    """A step that makes a token, saved as ``name`` and ``name_accessor``."""
    return Step(
        f"token {name}",
        "POST auth/token/create",
        200,
        {"policies": [policy], **more},
        token=token,
        headers=inside(namespace) if namespace else {},
        saves={name: "auth.client_token", f"{name}_accessor": "auth.accessor"},
    )


def write_policy(namespace: str, name: str, text: str) -> Step:
    headers = inside(namespace) if namespace else {}
    return Step(
        f"policy {name} in {namespace}", f"POST sys/policies/acl/{name}", 204, {"policy": text}, headers=headers
    )
