"""The data that a generation is searched with: passage vectors, a BM25 index and word vectors."""
