"""A chat assistant that answers questions about an organisation's documents and supports each sentence with a quote."""

__version__ = "0.2.0"
