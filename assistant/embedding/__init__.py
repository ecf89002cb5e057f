"""Embedding of text with sentence-transformers models on ONNX Runtime.

`models` locates a model, `export` converts the model once with torch, and `onnx_encoder` runs it without torch.
"""
