"""What the lexicon and the semantic screen are fitted on, and how: `python -m nma13.training lexicon | screen`.

Nothing here runs when the engine runs. Both results are data files that are shipped and can be read.
"""
