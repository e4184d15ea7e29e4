"""Named keys and their versions: records, states, settings, storage, limits; shared by all engines."""
