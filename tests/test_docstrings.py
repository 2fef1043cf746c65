"""What is written once about shared parameters stands in every docstring that has them."""

from tools import shared_docstrings
from tools.shared_docstrings import SHARED, outdated, rewritten

SOURCE = '''def f(x, y):
    """Do it.

    Parameters
    ----------
    x : int
        Old text,
        in two lines.

        And a paragraph.
    y : int
        Its own.
    """


class C:
    """Take

    x : int
    """
'''


def test_no_file_says_something_else_than_the_shared_text():
    assert {path.name for path in outdated()} == set(), "run make docstrings"


def test_text_is_written_under_its_head_and_nothing_else_changes():
    written = rewritten(SOURCE, {"x : int": "New text."})
    assert written == SOURCE.replace("        Old text,\n        in two lines.\n", "        New text.\n").replace(
        '    x : int\n    """', '    x : int\n        New text.\n    """'
    ).replace("\n        And a paragraph.\n", "")
    assert rewritten(written, {"x : int": "New text."}) == written
    assert rewritten(SOURCE, {"z : int": "New text."}) == SOURCE


def test_a_changed_file_is_found(tmp_path):
    (tmp_path / "explainers").mkdir()
    (tmp_path / "explainers" / "method.py").write_text(
        'class M:\n    """M.\n\n    verbose : int, default=0\n        Loud.\n    """\n'
    )
    found = outdated(tmp_path)
    assert [path.name for path in found] == ["method.py"]
    assert "    verbose : int, default=0\n        Above 0 shows a progress bar.\n" in next(iter(found.values()))


def test_every_shared_text_is_used():
    for package, texts in SHARED.items():
        sources = "\n".join(path.read_text() for path in (shared_docstrings.ROOT / package).rglob("*.py"))
        assert [head for head in texts if f"    {head}\n" not in sources] == []
