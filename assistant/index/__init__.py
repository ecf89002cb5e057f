"""Documents -> index generations on FAISS, the only owner of the index folder.

A generation is built beside the live one, verified, then published by one rename; the one before can be restored.
"""
