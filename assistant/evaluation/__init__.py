"""Evaluates the assistant on a data set: retrieval, sentence selection and refusals.

`data_sets` reads a data set, `runner` asks the questions in it, `metrics` computes the metrics, `report` formats and
compares the results, and `calibration` fits the answer threshold to the operator's probes.
"""
