"""The server's metrics and traces."""
