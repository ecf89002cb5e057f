"""Maintenance of an installation: doctor, lint, backup and restore."""
