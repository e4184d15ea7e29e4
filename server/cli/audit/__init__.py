"""``cryptoserve audit``: verify, compare, prove, query and export a log by its files, without a server."""
