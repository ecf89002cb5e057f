"""The files of a generation (arrays, documents, passages), and the vector cache that all generations use."""
