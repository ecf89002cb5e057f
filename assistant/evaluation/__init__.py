"""Evaluates the assistant on a data set: retrieval, sentence selection and refusals.

`data_sets` reads a data set, `runner` asks the questions in it, `metrics` computes the figures, `report` formats and
compares the figures, and `calibration` fits the answer threshold to the operator's probes.
"""
