"""An introduction for new staff, made from the corpus itself: every line of it is cited.

`guide` holds what is made; the other modules each make one part of it.
"""
