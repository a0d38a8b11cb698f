"""The editor server: diagnostics, hovers, quick fixes and hints over the Language Server Protocol. Needs the extra `lsp`."""
