"""Builds the introduction to a corpus: summaries, glossary, partners, self-test and example questions.

All contents are extracted from the documents and carry citations. The module `introduction` combines the parts.
"""
