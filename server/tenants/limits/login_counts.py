"""Counts of logins that all processes of the server keep together: failures by address and by account."""

from __future__ import annotations

from server.tenants.limits.login_failures import LoginFailures, LoginFailureTables
from server.tenants.limits.login_limits import LoginLimits, LoginLimitTables


class LoginCountTables:
    """Shared memory for the counts of so many ``processes``; made before they are forked."""

    def __init__(self, processes: int = 1) -> None:
        self.addresses = LoginLimitTables(processes)
        self.accounts = LoginFailureTables(processes)


class LoginCounts:
    """The counts as the process sees them that owns row ``own`` of ``tables``."""

    def __init__(self, tables: LoginCountTables | None = None, own: int = 0) -> None:
        self._tables = tables or LoginCountTables()
        self._own = own

    def limits(self, failures_per_minute: int) -> LoginLimits:
        """The failures of addresses, which may have so many."""
        return LoginLimits(failures_per_minute, self._tables.addresses, self._own)

    def failures(self) -> LoginFailures:
        """The failures of accounts."""
        return LoginFailures(self._tables.accounts, self._own)
