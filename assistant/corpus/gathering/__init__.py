"""Gathering web pages and files and saving them in the corpus as Markdown."""
