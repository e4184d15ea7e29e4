"""Evaluation of programs: what names mean and which values expressions have."""
