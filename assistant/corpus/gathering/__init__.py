"""Web pages and files -> Markdown files in the corpus folder."""
