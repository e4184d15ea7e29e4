"""The system engine, built in at ``sys/``: the server administered through its API."""
