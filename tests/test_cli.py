"""`skxai compare`, as a newcomer runs it."""

import json
import shlex

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from skxai import cli
from skxai.models import resnet
from skxai.studies import get_study
from skxai.testing.discovery import all_explainers

QUICK = ["--epochs", "1", "--n-test", "4", "--explainers", "GradCAM", "VanillaSaliency", "--scoring", "insertion_auc"]


@pytest.fixture
def folder(tmp_path):
    """Two classes of six short clips."""
    rng = np.random.default_rng(0)
    for label, frequency in (("hum", 100), ("whistle", 3000)):
        (tmp_path / "audio" / label).mkdir(parents=True)
        for number in range(6):
            wave = 0.3 * np.sin(2 * np.pi * frequency * np.arange(8000) / 8000) + 0.01 * rng.standard_normal(8000)
            sf.write(tmp_path / "audio" / label / f"{number}.wav", wave, 8000)
    return tmp_path / "audio"


def run(tmp_path, *arguments):
    return cli.main(["compare", "--out", str(tmp_path / "out"), *arguments])


def test_a_run_writes_the_table_the_scores_the_maps_the_figures_and_the_page(tmp_path, folder, capsys):
    assert run(tmp_path, "--data", str(folder), "--html", *QUICK, "class_discriminativity", "relevance_mass_accuracy") == 0
    out = tmp_path / "out"
    table = pd.read_csv(out / "table.csv", index_col=0)
    assert table.index.tolist() == ["GradCAM", "VanillaSaliency"]
    # the test clips are mixed in pairs, so that it is known what sounds where in recordings, too
    assert table.columns.tolist() == ["insertion_auc", "class_discriminativity", "relevance_mass_accuracy", "ms_per_map"]
    assert table.class_discriminativity.between(-1, 1).all()
    assert table.relevance_mass_accuracy.between(0, 1).all()
    intervals = pd.read_csv(out / "intervals.csv", index_col=[0, 1])
    assert intervals["mean"].loc["insertion_auc"].to_numpy() == pytest.approx(table.insertion_auc.to_numpy())
    assert len(pd.read_csv(out / "tests.csv")) == 3  # a pair of methods and three metrics
    assert pd.read_csv(out / "ranks.csv", index_col=0).index.tolist() == [*table.columns[:-1], "mean"]
    assert pd.read_csv(out / "agreement.csv", index_col=0).shape == (3, 3)
    scores = pd.read_csv(out / "scores.csv")
    assert scores.groupby("method").insertion_auc.mean().to_numpy() == pytest.approx(table.insertion_auc.to_numpy())
    with np.load(out / "maps.npz") as arrays:
        assert arrays["maps"].shape == (2, *arrays["features"].shape)
        assert set(arrays["labels"]) == {"hum", "whistle"}
    facts = json.loads((out / "run.json").read_text())
    assert facts["settings"]["epochs"] == "1"
    assert shlex.split(facts["command"])[:4] == ["skxai", "compare", "--out", str(out)]
    figures = {path.name: path.stat().st_size for path in (out / "figures").iterdir()}
    assert {"loss.png", "confusion_matrix.png", "insertion_by_accuracy.png", "deletion_per_class.png"} <= set(figures)
    assert min(figures.values()) > 1000
    page = (out / "page.html").read_text(encoding="utf-8")
    assert page.count('class="card"') == 2
    assert page.count('data-sound="') == 2 * (1 + 2 * 2)  # paths are read as the pipeline reads them
    assert all(fact in page for fact in ("Explanations of audio", "accuracy", "epochs", "scikit-learn"))
    printed = capsys.readouterr().out
    assert "insertion_auc ↑" in printed
    assert str(out / "figures") in printed
    assert printed.endswith(f"open {out / 'page.html'} in a browser.\n")
    assert not list(tmp_path.glob("*.partial"))


def test_scenes_know_where_their_sounds_are(tmp_path, capsys):
    arguments = [
        "--scenes",
        "24",
        "--epochs",
        "1",
        "--n-test",
        "4",
        "--explainers",
        "EnergyMap",
        "RandomMap",
        "VanillaSaliency",
    ]
    assert run(tmp_path, *arguments, "--scoring", "relevance_mass_accuracy", "visual_coherence") == 0
    table = pd.read_csv(tmp_path / "out" / "table.csv", index_col=0)
    assert table.loc["EnergyMap", "visual_coherence"] > table.loc["RandomMap", "visual_coherence"] + 0.2
    printed = capsys.readouterr().out
    assert "relevance_mass_accuracy ↑" in printed
    assert "but for the controls EnergyMap, RandomMap" in printed
    assert not (tmp_path / "out" / "page.html").exists()


def test_all_methods_stand_beside_the_controls():
    for name in ("default", "wang2022"):
        explainers = get_study(name).explainers
        assert explainers[-3:] == ("EdgeMap", "EnergyMap", "RandomMap")
        assert len(explainers) > 8


def test_a_metric_of_a_truth_that_is_not_known_is_an_error_before_the_training(tmp_path, folder, capsys):
    assert run(tmp_path, "--data", str(folder), "--preset", "ansari2024", "--scoring", "max_iou") == 2
    captured = capsys.readouterr()
    assert "scorer 'max_iou' of the study" in captured.err
    assert "trained" not in captured.out


def test_the_thesis_of_ansari_runs_on_scenes(tmp_path, capsys, monkeypatch):
    shallow = {depth: (block, (1, 1, 1, 1)) for depth, (block, _) in resnet.ARCHITECTURES.items()}  # in the same four stages
    monkeypatch.setattr(resnet, "ARCHITECTURES", shallow)
    arguments = ["--preset", "ansari2024", "--scenes", "24", "--epochs", "1", "--n-test", "2", "--scoring", "insertion_auc"]
    assert run(tmp_path, *arguments) == 0
    with np.load(tmp_path / "out" / "maps.npz") as arrays:
        assert arrays["maps"].shape == (2, 2, 1, 13, 400)
        assert arrays["methods"].tolist() == ["ResNet-18", "ResNet-101"]
    assert (tmp_path / "out" / "figures" / "insertion_auc_density.png").is_file()
    assert "constant along the frequency (or cepstral) axis" in capsys.readouterr().err


def test_help_offers_whatever_is_registered(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["compare", "--help"])
    assert stop.value.code == 0
    text = "".join(capsys.readouterr().out.split())
    assert all(name in text for name, _ in all_explainers())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: (folder / "hum" / "empty.wav").touch(), "empty.wav: the file is empty"),
        (
            lambda folder: (folder / "hum" / "0.wav").write_bytes((folder / "hum" / "1.wav").read_bytes()[:900]),
            "0.wav: truncated",
        ),
        (lambda folder: (folder / "hum" / "text.wav").write_text("hello"), "text.wav: not an audio file"),
        (lambda folder: sf.write(folder / "hum" / "nan.wav", np.full(800, np.nan), 8000, subtype="FLOAT"), "nan.wav: "),
        (lambda folder: [path.unlink() for path in sorted((folder / "hum").iterdir())[1:]], "class 'hum' has 1"),
    ],
)
def test_bad_input_is_one_clear_error_and_nothing_is_written(tmp_path, folder, capsys, make, message):
    make(folder)
    assert run(tmp_path, "--data", str(folder), *QUICK) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("skxai: error: ")
    assert captured.err.count("\n") == 1
    assert message in captured.err
    assert "Traceback" not in captured.err
    assert not list(tmp_path.glob("out*"))


def test_unreadable_files_can_be_skipped_and_are_reported(tmp_path, folder, capsys):
    (folder / "hum" / "empty.wav").touch()
    (folder / "whistle" / "text.wav").write_text("hello")
    assert run(tmp_path, "--data", str(folder), "--on-error", "skip", *QUICK) == 0
    notes = capsys.readouterr().err
    assert "2 skipped" in notes
    assert "empty.wav" in notes
    assert "text.wav" in notes


def test_a_folder_in_use_is_left_alone(tmp_path, folder, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    for extra in ([], ["--overwrite"]):
        assert run(tmp_path, "--data", str(folder), *extra, *QUICK) == 2
        assert "out must be" in capsys.readouterr().err
    assert [path.name for path in out.iterdir()] == ["thesis.txt"]


def test_a_run_that_fails_late_leaves_earlier_results_alone(tmp_path, folder, capsys, monkeypatch):
    assert run(tmp_path, "--data", str(folder), *QUICK) == 0
    before = (tmp_path / "out" / "run.json").read_text()
    monkeypatch.setattr(
        "skxai.studies.figures.draw_figures", lambda *args, **kwargs: (_ for _ in ()).throw(ValueError("no ink"))
    )
    assert run(tmp_path, "--data", str(folder), "--overwrite", "--seed", "1", *QUICK) == 2
    assert "no ink" in capsys.readouterr().err
    assert (tmp_path / "out" / "run.json").read_text() == before
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--preset", "wang"], "invalid choice: 'wang' (choose from 'default', 'wang2022', 'ansari2024')"),
        (["--explainers", "LIME"], "invalid choice: 'LIME'"),
        (["--scoring", "accuracy"], "invalid choice: 'accuracy'"),
        (["--n-test", "0"], "must be a whole number of at least 1; got '0'"),
    ],
)
def test_an_unknown_choice_lists_the_known_ones(tmp_path, capsys, arguments, message):
    with pytest.raises(SystemExit) as stop:
        run(tmp_path, *arguments)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err
