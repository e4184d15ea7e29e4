"""An OpenID provider in this process, from PyPI."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def pypi_provider() -> Iterator[str]:
    """The address of ``oidc-provider-mock``, which asks for nothing but a person's name."""
    with warnings.catch_warnings():
        import authlib.deprecate  # It sees to it that its warnings are shown.

        assert authlib.deprecate.AuthlibDeprecationWarning
        warnings.simplefilter("ignore")
        import oidc_provider_mock

        with oidc_provider_mock.run_server_in_thread() as server:
            yield f"http://localhost:{server.server_port}"
