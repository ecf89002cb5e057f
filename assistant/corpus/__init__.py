"""The corpus: reading documents from files, gathering them from the web, and detecting changes to them."""
