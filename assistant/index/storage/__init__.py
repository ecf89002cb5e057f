"""The files of a generation (arrays, documents and passages), and the vector cache that all generations share."""
