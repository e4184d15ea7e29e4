"""Readers of lock files, one module for each format."""
