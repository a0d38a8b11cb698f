"""The command line: one file a command."""

COMMANDS = ("check", "probe", "facts", "rule", "clean", "server", "completion")
"""The commands; each is a module of this folder with a `SUMMARY`, a `parser()` and a `main(arguments)`."""
