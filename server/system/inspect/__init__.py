"""``sys`` routes for inspection: algorithms, metrics, loggers, host, OpenAPI."""
