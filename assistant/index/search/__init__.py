"""The search structures of a generation: passage vectors, the BM25 index and word vectors."""
