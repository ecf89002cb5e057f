"""The pages beside the chat, which work without JavaScript."""
