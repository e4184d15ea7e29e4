"""Where audit entries go: one file for each type of device."""
