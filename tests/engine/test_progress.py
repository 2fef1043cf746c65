"""Bars are shown to those who asked for them, and only there."""

from skxai.engine import _progress, progress_bars


def test_bars_are_shown_inside_the_block_only(capsys, monkeypatch):
    monkeypatch.setattr(_progress, "PATIENCE", 0)
    monkeypatch.setenv("COLUMNS", "80")
    with progress_bars():
        assert list(_progress.with_bar(range(3), 3, "passes", "batch")) == [0, 1, 2]
    assert "passes" in capsys.readouterr().err
    assert list(_progress.with_bar(range(3), 3, "passes", "batch")) == [0, 1, 2]
    with progress_bars(False):
        assert list(_progress.with_bar(range(3), 3, "passes", "batch")) == [0, 1, 2]
    assert capsys.readouterr().err == ""
