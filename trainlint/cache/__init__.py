"""What was checked before: verdicts on files (`verdicts`) and whole runs (`memo`), in a folder of the user's own (`folder`).

A checked tree never brings a cache along: it could hold verdicts that nobody reached.
"""
