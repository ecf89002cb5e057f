"""What the server remembers, in SQL: which answers were given, and what people said of them."""
