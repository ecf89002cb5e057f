"""Builds the introduction to a corpus: its summaries, glossary, partners, self-test and example questions.

All the content is extracted from the documents and cited. The module `introduction` assembles the parts.
"""
