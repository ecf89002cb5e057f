"""Code used by the API, the pages, the chat and the widget alike, for instance to render pages."""
