"""Takes a corpus of earlier papers; gives models fitted on it. The only part of ranking that needs scipy and
scikit-learn, which take a second to import: nothing that serves or sends does.

`spaces` are of terms, `meaning` of subjects; `naming` and `prediction` build upon them. What is kept of a
model is plain arrays (`ranking.stored`), which `ranking.meaning` applies.
"""
