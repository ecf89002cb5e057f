"""Data set and assistant -> figures: how well passages are found, sentences chosen, questions refused.

`data` reads a set, `run` asks it, `measures` counts, `report` writes and compares.
"""
