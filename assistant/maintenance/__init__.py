"""Looking after an installation: doctor, lint, backup and restore."""
