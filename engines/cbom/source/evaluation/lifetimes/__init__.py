"""Names, objects, nonces and calls that are remembered while functions run."""
