"""Builds and runs the server: creates the app, adds the middleware and reloads the index."""
