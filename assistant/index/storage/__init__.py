"""The files of a generation: arrays, documents and passages, and the cache of vectors beside the generations."""
