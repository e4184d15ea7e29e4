"""Knowledge of libraries: one file each, by language."""
