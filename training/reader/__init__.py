"""Makes the weights of `assistant.reader`; README.md lists the commands from the data to the weights."""
