"""The corpus. This package reads documents from files, fetches them from the web, and detects changes."""
