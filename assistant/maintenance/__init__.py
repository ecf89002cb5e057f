"""Maintenance of an installation: health checks (doctor), document checks (lint), backup and restore."""
