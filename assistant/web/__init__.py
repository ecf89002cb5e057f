"""The server and everything it serves."""
