"""What a generation is searched by: passage vectors, BM25, and word vectors."""
