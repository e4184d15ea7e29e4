"""The pages, each with the forms that may be submitted to it."""

from __future__ import annotations

from server.console.pages.access import ACCESS
from server.console.pages.audit import AUDIT
from server.console.pages.crypto_policy import CRYPTO_POLICY
from server.console.pages.inventory import INVENTORY
from server.console.pages.key import KEY
from server.console.pages.keys import KEYS
from server.console.pages.logins import LOGINS
from server.console.pages.overview import OVERVIEW
from server.console.pages.seal import SEAL
from server.console.pages.tenants import TENANTS
from server.console.pages.tools import TOOLS

PAGES = (OVERVIEW, KEYS, KEY, TOOLS, ACCESS, CRYPTO_POLICY, AUDIT, INVENTORY, TENANTS, LOGINS, SEAL)

__all__ = ["PAGES", "SEAL"]
