"""One module a study: table(), arrays(), figure(), numbers(), rows(), from values to a value.

A part's parameters before the star are what it reads, those after it are settings; the table in
`pipeline/studies.py` says which files and keys they are.  No file access here: `study.py` has it.
"""
