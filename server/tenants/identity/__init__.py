"""The identity engine, built in at ``identity/``: entities, groups and their aliases."""
