"""Advisories on vulnerable packages: the set that ships with the scanner, and directories in OSV format."""
