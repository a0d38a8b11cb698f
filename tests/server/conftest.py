"""Real editors take part where they are installed: `test_neovim.py` is collected only if there is a Neovim."""

from __future__ import annotations

import shutil

collect_ignore = [] if shutil.which("nvim") else ["test_neovim.py"]
