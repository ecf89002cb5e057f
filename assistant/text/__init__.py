"""Language detection, sentence splitting, tokenisation and stemming."""
