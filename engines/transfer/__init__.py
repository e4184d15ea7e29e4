"""Import, export and backup of keys."""
