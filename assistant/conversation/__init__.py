"""Conversation: resolves the references in messages and answers them, through `Assistant`, for every channel."""
