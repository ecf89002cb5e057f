"""A chat assistant over an organisation's own texts: every sentence with the passage it stands on."""

__version__ = "0.1.0"
