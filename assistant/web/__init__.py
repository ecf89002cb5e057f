"""The server: `api` (JSON and SSE), `page` (Gradio, mounted in it), `security`, `server`."""
