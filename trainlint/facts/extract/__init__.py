"""From the interpreter's values and events to `TrainingRun`s; only here are libraries told apart."""
