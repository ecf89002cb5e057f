"""Settings -> a running server: the app, its middleware, index reloads."""
