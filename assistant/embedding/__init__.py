"""Texts -> vectors, with a sentence-transformers model that runs on ONNX Runtime.

`models` finds a model's folder, `export` prepares it once (the only importer of torch),
`encoder` runs it.
"""
