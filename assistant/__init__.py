"""A chat assistant that answers questions about an organisation's documents and backs each sentence with a quote."""

__version__ = "0.2.0"
