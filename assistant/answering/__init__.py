"""Passages -> scored sentences -> decision -> quotes."""
