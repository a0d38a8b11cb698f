import os
from pathlib import Path

import pytest

from trainlint.source.discover import discover, missing
from trainlint.source.ignore import Patterns
from trainlint.source.read import Unreadable, read


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("x = 1\n")


def found(*paths: str, **options: object) -> list[str]:
    return [str(one) for one in discover(map(Path, paths or (".",)), **options) if isinstance(one, Path)]


def test_python_files_and_notebooks_sorted(project):
    put("b.py", "a.py", "nets/z.py", "nets/a.ipynb", "m.py", "a.pyi", "a.txt", "a.pyc", "README.md")
    assert found() == ["a.py", "b.py", "m.py", "nets/a.ipynb", "nets/z.py"]
    assert found(str(project)) == [str(project / name) for name in found()]


def test_each_file_once(project):
    put("a.py", "nets/b.py")
    assert found("nets/b.py", ".", "nets", "./a.py", "nets/../a.py") == ["nets/b.py", "a.py"]


def test_default_exclusion(project):
    put(".git/a.py", ".venv/a.py", "venv/lib/a.py", "node_modules/a.py", "build/a.py", "x/dist/a.py", "__pycache__/a.py")
    put("lib/site-packages/a.py", ".ipynb_checkpoints/a.ipynb", "a.py", "builder/a.py", "build.py", ".hidden.py")
    assert found() == [".hidden.py", "a.py", "build.py", "builder/a.py"]


def test_what_is_named_is_taken(project):
    put("build/a.py", "b.txt", "stub.pyi")
    assert found("build/a.py", "b.txt", "stub.pyi") == ["build/a.py", "b.txt", "stub.pyi"]
    assert found("build") == ["build/a.py"]


def test_force_exclude(project):
    put("build/a.py", "x/b.py", "ignored/c.py")
    Path(".git").mkdir()
    Path(".gitignore").write_text("ignored/\n")
    paths = ("build/a.py", "build", "x/b.py", "ignored/c.py", str(project / "x" / "b.py"))
    assert found(*paths, exclude=("x/",), force_exclude=True) == []
    assert found(*paths, force_exclude=True) == ["x/b.py"]
    # Only what stands below the root counts: a project may itself live in a folder called build.
    assert found("a.py", root=project / "build", force_exclude=True) == ["a.py"]


def test_exclude_patterns_are_relative_to_their_root(project):
    put("a.py", "sub/a.py", "sub/deep/a.py", "sub/b_test.py", "old/x/y.py")
    assert found(exclude=("/a.py", "*_test.py", "old/")) == ["sub/a.py", "sub/deep/a.py"]
    assert found(exclude=("/a.py",), root=project / "sub") == ["a.py", "old/x/y.py", "sub/b_test.py", "sub/deep/a.py"]
    assert found("sub", exclude=("sub/deep",)) == ["sub/a.py", "sub/b_test.py"]


def test_a_pattern_may_ask_for_a_folder_that_is_excluded_by_default(project):
    put("build/a.py", "dist/a.py")
    assert found(exclude=("!build/",)) == ["build/a.py"]


def test_gitignore_files_of_all_folders_count(project):
    put("a.py", "gen/a.py", "x/keep.py", "x/drop.py", "x/y/drop.py", "x/y/special.py", "data/raw/a.py", "data/b.py")
    Path(".git/info").mkdir(parents=True)
    Path(".git/info/exclude").write_text("secret.py\n")
    Path(".gitignore").write_text("# comment\n\ngen/\ndrop.py\n**/raw\n")
    Path("x/y/.gitignore").write_text("!drop.py\n/special.py\n")
    put("secret.py")
    assert found() == ["a.py", "data/b.py", "x/keep.py", "x/y/drop.py"]
    assert found("x/y") == ["x/y/drop.py"]
    assert found("x") == ["x/keep.py", "x/y/drop.py"]
    assert found("gen") == ["gen/a.py"]
    assert len(found(respect_gitignore=False)) == 9


def test_ignore_files_above_the_repository_do_not_count(project):
    put("inner/a.py")
    Path(".gitignore").write_text("a.py\n")
    Path("inner/.git").mkdir()
    assert found("inner") == ["inner/a.py"]
    assert found() == []
    Path(".git").mkdir()
    assert found("inner") == ["inner/a.py"]


def test_broken_ignore_files_do_no_harm(project):
    put("a.py", "b.py")
    Path(".gitignore").write_bytes(b"[z-a]\n!\n\\\n\xff\xfe\n" + b"*" * 200 + b"x\n" + b"/" * 50 + b"\nb.py\n")
    assert found() == ["a.py"]
    Path(".gitignore").unlink()
    Path(".gitignore").mkdir()
    assert found() == ["a.py", "b.py"]


def test_hostile_patterns_are_not_matched():
    # Each would try 250 ** 10 ways to share the name out among the stars.
    patterns = Patterns(["*a*a*a*a*a*a*a*a*a*b", "**/a/**/a/**/a/**/a/**/b", "a***************b", "x.py"], Path("/p"))
    assert patterns.verdict(Path("/p") / ("a" * 250), is_folder=False) is None
    assert patterns.verdict(Path("/p") / "/".join("a" * 1000), is_folder=False) is None
    assert patterns.verdict(Path("/p/x.py"), is_folder=False) is True


def test_links(project):
    put("pkg/a.py", "shared/b.py", "elsewhere.py")
    Path(".git").mkdir()
    Path("pkg/circle").symlink_to("..", target_is_directory=True)
    Path("pkg/self").symlink_to("self")
    Path("pkg/self.py").symlink_to("self.py")
    Path("pkg/again.py").symlink_to("a.py")
    Path("pkg/linked.py").symlink_to("../shared/b.py")
    Path("pkg/dangling.py").symlink_to("nothing.py")
    Path("pkg/.#lock.py").symlink_to("user@host.1234")
    Path("pkg/out.py").symlink_to("/etc/hostname")
    Path("pkg/folder").symlink_to("../shared", target_is_directory=True)
    assert found("pkg") == ["pkg/a.py", "pkg/dangling.py", "pkg/linked.py", "pkg/self.py"]
    assert isinstance(read(Path("pkg/dangling.py")), Unreadable)
    assert isinstance(read(Path("pkg/self.py")), Unreadable)
    assert found("pkg/folder") == ["pkg/folder/b.py"]


def test_links_out_of_the_project(tmp_path, monkeypatch):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.py").write_text("x\n")
    (tmp_path / "project" / ".git").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project")
    put("a.py")
    Path("secret.py").symlink_to(outside / "secret.py")
    Path("folder").symlink_to(outside, target_is_directory=True)
    assert found() == ["a.py"]


def test_pipes_are_found_and_never_opened(project):
    os.mkfifo("pipe.py")
    assert found() == ["pipe.py"]
    unreadable = read(Path("pipe.py"))
    assert isinstance(unreadable, Unreadable)
    assert unreadable.reason == "is not a regular file"


def test_a_folder_named_like_a_file_is_a_folder(project):
    put("x.py/a.py")
    assert found() == ["x.py/a.py"]


def test_a_folder_that_cannot_be_listed_is_said(project, monkeypatch):
    put("a.py", "locked/b.py")
    scandir = os.scandir

    def refuse(path: Path) -> object:
        if str(path) == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    first, second = discover([Path()])
    assert first == Path("a.py")
    assert isinstance(second, Unreadable)
    assert (second.filename, second.reason) == ("locked", "is a folder that cannot be listed: Permission denied")


def test_missing_paths(project):
    put("a.py")
    Path("dangling.py").symlink_to("nothing.py")
    assert missing([Path("a.py"), Path("b.py"), Path("dangling.py"), Path()]) == [Path("b.py")]


def test_names_that_are_not_utf8(project):
    name = os.fsdecode(b"\xff.py")
    put(name)
    Path(".gitignore").write_text("x\n")
    assert found() == [name]


def test_deep_folders(project):
    deep = Path("/".join(["d"] * 700))
    deep.mkdir(parents=True)
    (deep / "a.py").write_text("x\n")
    assert found() == [str(deep / "a.py")]
