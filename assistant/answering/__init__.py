"""Question and passages -> Answer.

`evidence` scores sentences (`definitions`, `lists`), `decision` says from `features` whether they
answer, `writer` puts the answer together in the asker's language (`phrases`), `combine` those of
several questions; `smalltalk` answers talk about the assistant itself.
"""
