"""Turns the data sets into arrays; `training.reader.prepare` is the command."""
