"""Embedding text with sentence-transformers models on ONNX Runtime.

The module `models` locates a model, `export` uses torch to convert it once, and `onnx_encoder` runs it without torch.
"""
