"""Counts of failed logins, by address and by account, shared by all processes of the server."""

from __future__ import annotations

from server.tenants.limits.login_failures import LoginFailures, LoginFailureTables
from server.tenants.limits.login_limits import LoginLimits, LoginLimitTables


class LoginCountTables:
    """Shared memory for the counts of ``processes`` processes; created before they are forked."""

    def __init__(self, processes: int = 1) -> None:
        self.addresses = LoginLimitTables(processes)
        self.accounts = LoginFailureTables(processes)


class LoginCounts:
    """The counts, as used by the process that owns row ``own`` of ``tables``."""

    def __init__(self, tables: LoginCountTables | None = None, own: int = 0) -> None:
        self._tables = tables or LoginCountTables()
        self._own = own

    def limits(self, failures_per_minute: int) -> LoginLimits:
        """The failures by address, at most ``failures_per_minute`` each."""
        return LoginLimits(failures_per_minute, self._tables.addresses, self._own)

    def failures(self) -> LoginFailures:
        """The failures of accounts."""
        return LoginFailures(self._tables.accounts, self._own)
