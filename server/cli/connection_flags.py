"""Connection flags of commands that send requests to a server.

They import no client, so that other commands start fast.
"""

from __future__ import annotations

from cryptoserve_cli.flags import Flag

DEFAULT_ADDRESS = "http://127.0.0.1:8200"
_ADDRESS = ("CRYPTOSERVE_ADDR", "BAO_ADDR", "VAULT_ADDR")


def variables_of(name: str) -> tuple[str, ...]:
    """The environment variables of ``bao`` and ``vault`` for a flag."""
    return f"BAO_{name}", f"VAULT_{name}"


CONNECTION_FLAGS = (
    Flag("address", f"Where the server listens: a URL, or unix:///PATH. The default is {DEFAULT_ADDRESS}.",
         environment=variables_of("ADDR")),
    Flag("ca-cert", "A PEM file with the authorities that the server's certificate may come from.",
         environment=variables_of("CACERT")),
    Flag("client-cert", "A PEM file with the client's certificate.", environment=variables_of("CLIENT_CERT")),
    Flag("client-key", "A PEM file with the key of that certificate.", environment=variables_of("CLIENT_KEY")),
    Flag("tls-skip-verify", "Don't look at the server's certificate. Not for production.", takes_value=False,
         environment=variables_of("SKIP_VERIFY")),
)  # fmt: skip
"""Which server is asked, and how; as ``bao`` has them."""

SOURCE_FLAGS = (
    *(
        flag if flag.name != "address" else Flag("address", flag.help, environment=_ADDRESS)
        for flag in CONNECTION_FLAGS
    ),
    Flag("namespace", "The namespace to ask, below the root.", environment=("BAO_NAMESPACE", "VAULT_NAMESPACE")),
)
"""The same, with names of variables of our own, and the namespace."""
