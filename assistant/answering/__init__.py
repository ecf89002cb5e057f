"""Question and passages -> Answer.

`evidence` scores sentences, `decision` says whether they answer, `writer` puts the answer together
in the asker's language (`phrases`), `smalltalk` answers talk about the assistant itself.
"""
