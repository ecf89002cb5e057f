"""Building, storing and loading the index. Only this package writes to the index folder.

A new generation is built beside the live one and published with a single rename. The previous generation is kept,
so that it can be made live again.
"""
