"""Conversation: resolves references to earlier messages and answers each message. All channels use `Assistant`."""
