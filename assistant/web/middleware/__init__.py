"""The ASGI middleware of the server."""
