"""The metrics and traces of the server."""
