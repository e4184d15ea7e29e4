"""A witness (c2sp.org/tlog-witness): it signs a log's checkpoint if that extends the last one it has signed."""
