"""Makes examples to train on, and batches of them, from the arrays that `training.reader.prepare` wrote."""
