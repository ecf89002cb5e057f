"""The chat page, in Gradio."""
