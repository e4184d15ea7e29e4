"""Inventory through the API."""
