"""Code shared by the API, the pages, the chat and the widget, for instance to render pages."""
