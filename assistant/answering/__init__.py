"""Answering: scores sentences, decides on a verdict and quotes the best sentences."""
