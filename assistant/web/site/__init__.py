"""What API, pages, chat and widget share: the live snapshot, rendering, translations, request context."""
