"""Every algorithm that keys can be of; ``engines.algorithms.registry`` has one row for each."""
