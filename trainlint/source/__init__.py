"""From paths to syntax trees: discover, read, screen, parse, suppress."""
