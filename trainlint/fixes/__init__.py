"""From findings to mended files: edits in texts and notebooks, fixes that are tried before they count, files written whole."""
