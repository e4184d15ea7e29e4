"""Conflict with another project: on the public index, ``cryptoserve`` is a package of the same import name."""

from __future__ import annotations

from importlib import metadata

OTHER_PROJECT = "cryptoserve"


def refuse_other_project() -> None:
    """Raises ``ImportError`` where it is installed: the modules of both lie in one folder then."""
    try:
        version = metadata.version(OTHER_PROJECT)
    except metadata.PackageNotFoundError:
        return
    raise ImportError(
        f"the distribution {OTHER_PROJECT!r} {version} is another project's, and overwrites cryptoserve-sdk: "
        f"uninstall {OTHER_PROJECT!r}, then reinstall 'cryptoserve-sdk'"
    )
