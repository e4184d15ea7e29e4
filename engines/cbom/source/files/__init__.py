"""Files to scan: found, filtered, read and bounded."""
