"""Messages -> Answers. `Assistant` is the one way to an answer, for every channel."""
