"""Nodes -> index generations on FAISS. The only owner of the index folder.

`build` makes a generation, `store` publishes and rolls back, `loaded` answers from one.
"""
