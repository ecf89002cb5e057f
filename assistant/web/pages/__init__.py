"""All pages except the chat. They work without JavaScript."""
