"""The numpy twin: the script's own computation, evaluated and differentiated in float64 (`program.Program`).

Each operation of `facts.graph` is one row of `TABLE`: what it computes with its derivative, its polynomial degree in the
parameters, and the shapes of its parameters. Imported only when a run is judged: numpy is at the top of these files.
"""
