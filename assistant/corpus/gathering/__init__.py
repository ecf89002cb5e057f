"""Gathering of web pages and files, which are saved in the corpus as Markdown."""
