"""Retrieval: finds the passages that match a question."""
