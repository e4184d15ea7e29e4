"""Process-wide services: logs, metrics, versions, memory, OpenSSL, plug-ins."""
