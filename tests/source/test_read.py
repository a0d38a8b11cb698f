import codecs
import os
import socket
from pathlib import Path

import pytest

from trainlint.source.read import Source, Unreadable, coding_name, decode, read, read_text


def source(path: Path) -> Source:
    result = read(path)
    assert isinstance(result, Source)
    return result


def reason(path: Path, **options: int) -> str:
    result = read(path, **options)
    assert isinstance(result, Unreadable)
    assert "\n" not in result.reason
    return result.reason


def test_plain_file(tmp_path):
    (tmp_path / "a.py").write_bytes("λ = 1\n".encode())
    read_source = source(tmp_path / "a.py")
    assert (read_source.text, read_source.encoding, read_source.newline, read_source.had_bom) == ("λ = 1\n", "utf-8", "\n", False)
    assert read_source.cells == ()
    assert read_source.cell_position(7) == (None, 7)


def test_the_name_is_the_users(tmp_path, monkeypatch):
    (tmp_path / "a.py").write_text("x\n")
    monkeypatch.chdir(tmp_path)
    assert source(Path("a.py")).filename == "a.py"
    named = read(Path("a.py"), "other name")
    assert isinstance(named, Source)
    assert named.filename == "other name"


def test_empty_file(tmp_path):
    (tmp_path / "a.py").write_bytes(b"")
    assert source(tmp_path / "a.py").text == ""
    assert source(tmp_path / "a.py").lines == [""]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("# -*- coding: latin-1 -*-\nx = 'é'\n".encode("latin-1"), "# -*- coding: latin-1 -*-\nx = 'é'\n"),
        ("#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '€'\n".encode("cp1252"), None),
        ("# coding: gbk\nx = '训练'\n".encode("gbk"), "# coding: gbk\nx = '训练'\n"),
    ],
)
def test_coding_line(tmp_path, data, text):
    (tmp_path / "a.py").write_bytes(data)
    assert source(tmp_path / "a.py").text == (text or data.decode("cp1252"))


def test_coding_line_counts_only_where_pep_263_says():
    assert coding_name(b"x = 1\n# coding: latin-1\n") is None
    assert coding_name(b"\n# coding: latin-1\n") == "latin-1"
    assert coding_name(b"\n\n# coding: latin-1\n") is None
    assert coding_name(b"# coding: utf-8\r# coding: latin-1\r") == "utf-8"


def test_byte_order_mark_is_taken_off_and_noted(tmp_path):
    (tmp_path / "a.py").write_bytes(codecs.BOM_UTF8 + b"x = 1\n")
    assert source(tmp_path / "a.py").had_bom
    assert source(tmp_path / "a.py").text == "x = 1\n"


@pytest.mark.parametrize(("data", "newline"), [(b"a\r\nb\r\n", "\r\n"), (b"a\rb\r", "\r"), (b"a\r\nb\nc\rd", "\r\n")])
def test_line_ends_are_kept(tmp_path, data, newline):
    (tmp_path / "a.py").write_bytes(data)
    assert source(tmp_path / "a.py").text == data.decode()
    assert source(tmp_path / "a.py").newline == newline


def test_only_python_line_ends_end_rows():
    assert read_text("a\x0cb\x0bc\u2028d\x85e\r\nf\rg\nh", "x.py").lines == ["a\x0cb\x0bc\u2028d\x85e", "f", "g", "h"]


def test_not_utf8_names_the_row(tmp_path):
    (tmp_path / "a.py").write_bytes(b"x = 1\ny = '\xe9'\n")
    assert "not UTF-8 in row 2" in reason(tmp_path / "a.py")


@pytest.mark.parametrize("name", [b"no-such-code", b"hex", b"zlib", b"rot13", b"punycode", b"undefined"])
def test_encodings_that_are_none(tmp_path, name):
    (tmp_path / "a.py").write_bytes(b"# coding: " + name + b"\nx = 1\n")
    assert "names an encoding that does not exist" in reason(tmp_path / "a.py")


def test_wrong_coding_line(tmp_path):
    (tmp_path / "a.py").write_bytes("# coding: ascii\nx = 'é'\n".encode())
    assert "is not ascii in row 2, although its coding line says so" in reason(tmp_path / "a.py")


def test_binary(tmp_path):
    (tmp_path / "a.py").write_bytes(bytes(range(256)) * 10)
    assert "is not text" in reason(tmp_path / "a.py")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_utf_16_is_named(tmp_path, encoding):
    (tmp_path / "a.py").write_bytes("import torch\n".encode(encoding))
    assert encoding.upper() in reason(tmp_path / "a.py")


def test_size_limit_says_both_sizes(tmp_path):
    (tmp_path / "a.py").write_bytes(b"x = 1\n" * 1_000_000)
    assert reason(tmp_path / "a.py") == "has 6.0 MB, more than the limit of 5.0 MB"
    assert "limit of 10 bytes" in reason(tmp_path / "a.py", limit=10)


def test_what_is_no_file(tmp_path):
    (tmp_path / "folder.py").mkdir()
    os.mkfifo(tmp_path / "pipe.py")
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "socket.py"))
    (tmp_path / "dangling.py").symlink_to("nothing.py")
    (tmp_path / "circle.py").symlink_to("circle.py")
    assert reason(tmp_path / "folder.py") == "is a folder"
    assert reason(tmp_path / "pipe.py") == "is not a regular file"
    assert reason(tmp_path / "socket.py") == "is not a regular file"
    assert reason(Path("/dev/zero")) == "is not a regular file"
    assert reason(tmp_path / "dangling.py") == "does not exist"
    assert reason(tmp_path / "gone.py") == "does not exist"
    assert "cannot be read" in reason(tmp_path / "circle.py")
    assert "cannot be read" in reason(tmp_path / "a\0b.py")
    server.close()


def test_permission_denied(tmp_path, monkeypatch):
    (tmp_path / "a.py").write_text("x\n")

    def refuse(*_arguments: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert reason(tmp_path / "a.py") == "may not be read: permission denied"


def test_a_file_that_grows_after_the_first_look(tmp_path, monkeypatch):
    path = tmp_path / "a.py"
    path.write_text("x\n")
    looked_at = path.stat()
    path.write_text("x\n" * 100)
    monkeypatch.setattr(Path, "stat", lambda _path: looked_at)
    monkeypatch.setattr(os, "fstat", lambda _descriptor: looked_at)
    assert "more than the limit of 10 bytes" in reason(path, limit=10)


def test_editor_buffer():
    buffer = read_text("\ufeffx = '\ud800'\r\n", "untitled:1")
    assert (buffer.text, buffer.newline, buffer.had_bom) == ("x = '\ufffd'\r\n", "\r\n", True)


def test_an_editors_virtual_notebook_is_plain_text():
    assert read_text("x = 1\n", "nb.ipynb").text == "x = 1\n"


def test_standard_input_goes_by_its_name():
    assert isinstance(decode(b"x = 1\n", None, "-"), Source)
    assert isinstance(decode(b"x = 1\n", None, "nb.ipynb"), Unreadable)
