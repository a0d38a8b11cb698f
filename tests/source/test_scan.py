import argparse
import ast
import dataclasses
import io
import textwrap
import tokenize
import typing
from pathlib import Path

import pytest

from trainlint.source.scan import STRUCTURE, tokens


def comments(text: str) -> list[str]:
    return [text[start:end] for kind, start, end in tokens(text, pattern=STRUCTURE) if kind == "comment"]


@pytest.mark.parametrize("module", [argparse, ast, dataclasses, io, textwrap, tokenize, typing])
def test_the_comments_that_tokenize_finds(module):
    text = Path(module.__file__).read_text(encoding="utf-8")
    theirs = [token.string for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type == tokenize.COMMENT]
    assert comments(text) == theirs
    assert [text[start:end] for kind, start, end in tokens(text) if kind == "comment"] == theirs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = '# no' # yes", ["# yes"]),
        ("x = '''\n# no\n''' # yes", ["# yes"]),
        ('x = "\\"# no" # yes', ["# yes"]),
        ("x = r'\\' # yes\n", []),
        ("x = r'\\\\' # yes\n", ["# yes"]),
        ("x = 'a\\\n# no' # yes", ["# yes"]),
        ("x = 'unclosed # no\n# yes", ["# yes"]),
        ("x = '''unclosed\n# no", []),
        ("f'{x}# no' # yes", ["# yes"]),
        ("f'{x:#>{w}}' # yes", ["# yes"]),
        ("f'{x:#x}' # yes", ["# yes"]),
        ("f'{{# no' # yes", ["# yes"]),
        ("f'{d['a']}# no' # yes", ["# yes"]),
        ("f'''{\nx # yes\n}# no'''", ["# yes"]),
        ("rf'\\{x}# no' # yes", ["# yes"]),
        ("f'\\N{NUMBER SIGN}# no' # yes", ["# yes"]),
        ("f'{x!r:{y}# no}' # yes", ["# yes"]),
        ("f'{(lambda: 1)()}# no' # yes", ["# yes"]),
        ("f'{x:=5}# no' # yes", ["# yes"]),
        ("bf = 1; xf'# no' # yes", ["# yes"]),
        ('\'\' # yes\n"""""" # yes', ["# yes", "# yes"]),
        ("x = 1 # yes\r# yes\r\n# yes", ["# yes", "# yes", "# yes"]),
        ("(((( # yes\n}} # yes", ["# yes", "# yes"]),
    ],
)
def test_comments_and_strings(text, expected):
    assert comments(text) == expected


def test_scanning_may_begin_in_the_middle():
    text = "'''a\n''' x = 1 # c\n"
    assert [kind for kind, *_ in tokens(text, 8, STRUCTURE)] == ["comment", "newline"]
