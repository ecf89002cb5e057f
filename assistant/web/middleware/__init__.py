"""The server's ASGI middleware."""
