"""Judgement of sightings: names of algorithms, limits, checks and results."""
