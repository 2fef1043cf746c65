"""The page of a comparison, as a file."""

import base64
import hashlib
import io
import json
import os
import pickle
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import matplotlib.image
import numpy as np
import pandas as pd
import pytest
import soundfile
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from skxai.comparison import Comparison, compare_explainers
from skxai.comparison.examples import choose_examples
from skxai.comparison.page import render_page
from skxai.comparison.page.examples import sounds_of
from skxai.comparison.page.images import MOST_COLUMNS, draw_features, draw_maps, make_frame, place_event, png
from skxai.comparison.page.sounds import CODECS, encode, encode_within
from skxai.display.style import readable_name
from skxai.explainers import EdgeMap, EnergyMap, VanillaSaliency
from skxai.features import MFCC, FeatureAxes, MelSpectrogram
from skxai.models import TorchClassifier

from .conftest import HOSTILE, RATE, Net, pipelines

VOID = {"meta", "link", "img", "input", "br", "wbr", "line", "feFuncR"}


class Page(HTMLParser):
    """The elements of a page, with the text in each."""

    def __init__(self, text):
        super().__init__()
        self.text, self.elements, self.open = text, [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        element = {"tag": tag, "text": "", "inside": [other["tag"] for other in self.open], **dict(attributes)}
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attributes):
        self.elements.append({"tag": tag, "text": "", "inside": [], **dict(attributes)})

    def handle_endtag(self, tag):
        assert self.open.pop()["tag"] == tag  # all that is opened is closed, in its order

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data

    def all(self, tag, **attributes):
        found = [element for element in self.elements if element["tag"] == tag]
        return [element for element in found if all(element.get(name) == value for name, value in attributes.items())]

    def json(self, name):
        return json.loads(self.all("script", id=name)[0]["text"])


@pytest.fixture(scope="module")
def page(compared):
    return Page(render(compared, title=f"A page of {HOSTILE}"))


def render(comparison, **options):
    return render_page(comparison.overview(), comparison.evidence, **options)


def with_evidence(comparison, **changes):
    """Return a copy of a comparison with other evidence."""
    comparison = pickle.loads(pickle.dumps(comparison))
    comparison.evidence = replace(comparison.evidence, **changes)
    return comparison


def with_examples(comparison, **changes):
    """Return a copy of a comparison with other examples."""
    examples = {method: [replace(part, **changes) for part in parts] for method, parts in comparison.evidence.examples.items()}
    return with_evidence(comparison, examples=examples)


def decoded(uri):
    return base64.b64decode(uri.partition(",")[2])


def samples(uri):
    return soundfile.read(io.BytesIO(decoded(uri)))


def test_the_table_holds_all_means_and_begins_with_the_best_rank(page, compared):
    heads = [" ".join(head["text"].split()) for head in page.all("th", scope="row") if "method" in head.get("class", "")]
    ranks = compared.ranks().loc["mean", compared.table.index].astype(float).sort_values()
    assert [head.split()[0] for head in heads] == [*ranks.index]
    assert heads[[*ranks.index].index("noise")] == "noise control"
    values = np.array([float(cell["data-value"]) for cell in page.all("td") if cell.get("data-value")]).reshape(3, -1)
    np.testing.assert_allclose(values[:, 0], ranks)
    names = ["insertion_auc", "insertion_accuracy_auc", "deletion_auc", "mean_top_weights", "ms_per_map"]
    names = [*sorted(names[:3], key=[*compared.table].index), *names[3:]]
    columns = [" ".join(button["text"].split())[:-2] for button in page.all("button", **{"class": "sort"})]
    assert columns == ["Mean rank", *map(readable_name, names)]
    assert columns[-2:] == ["Mean top weights", "ms per map"]
    np.testing.assert_allclose(values[:, 1:], compared.table.loc[ranks.index, names])


def test_marks_say_which_is_best_and_which_no_better_than_chance(page, compared):
    cells = [cell for cell in page.all("td") if cell.get("data-value")]
    columns = [button["text"].split("↑")[0].split("↓")[0].strip() for button in page.all("button", **{"class": "sort"})]
    order = compared.ranks().loc["mean", compared.table.index].astype(float).sort_values().index
    marked = {kind: {(order[i // len(columns)], columns[i % len(columns)]) for i, cell in enumerate(cells)
                     if kind in cell["class"].split()} for kind in ("best", "chance")}  # fmt: skip
    better = compared.better_than(compared.chance)
    for metric in ("insertion_auc", "deletion_auc", "insertion_accuracy_auc"):
        chosen = compared.table[metric].drop("noise").round(3)
        best = chosen.index[chosen == (chosen.min() if metric == "deletion_auc" else chosen.max())]
        words = readable_name(metric)
        assert {method for method, name in marked["best"] if name == words} == (set(best) if len(best) == 1 else set())
        not_better = {method for method in ("saliency", "Grad-CAM") if better.loc[method, metric] is np.False_}
        assert {method for method, name in marked["chance"] if name == words} == not_better
    assert not {method for method, name in marked["chance"] if name == "Mean top weights"}  # it is no faithfulness metric


def test_every_control_has_a_name_and_a_keyboard(page):
    assert page.all("html")[0]["lang"] == "en"
    ids = [element["id"] for element in page.elements if "id" in element]
    assert len(ids) == len(set(ids))
    for link in page.all("a"):
        assert link["href"].removeprefix("#") in ids
    assert page.all("a")[0]["class"] == "skip"
    controls = [element for element in page.elements if element["tag"] in ("input", "select", "button")]
    for control in controls:
        assert control["tag"] == "button" or "label" in control["inside"]
        if control["tag"] == "button":
            assert control["type"] == "button"
            words = control["text"].strip().lower()
            assert words
            assert words in control.get("aria-label", words).lower()  # who speaks to a computer says what is written
    for picture in page.all("img"):
        assert "alt" in picture
    for picture in page.all("div", **{"class": "plot"}):
        assert picture["role"] == "img"
        assert len(picture["aria-label"]) > 10
    assert not [element for element in page.elements if any(name.startswith("on") for name in element)]
    assert next(head for head in page.all("th") if head.get("aria-sort"))["aria-sort"] == "ascending"


def test_examples_show_each_explaining_method_with_its_sounds(page, compared):
    cards = page.all("article", **{"class": "card"})
    assert len(cards) == 8
    assert {card["data-class"] for card in cards} == {"alarm", HOSTILE}
    sounds = page.json("sounds")
    assert len(sounds) == 8 * (1 + 2 * 2)
    assert {button["data-sound"] for button in page.all("button") if "data-sound" in button} == set(sounds)
    panels = [panel for panel in page.all("figure") if panel.get("data-method")]
    assert len(panels) == 8 * 2  # none of the control
    told = compared.evidence.sentences["saliency"]["alarm"]
    assert told in page.text
    assert page.json("data")["methods"] == {"saliency": 0, "Grad-CAM": 1, "noise": 2}
    curves = page.json("data")["curves"]
    area = np.trapezoid(curves["insertion"]["probability"]["saliency"]["mean"][""], curves["insertion"]["fractions"])
    assert area == pytest.approx(compared.table.loc["saliency", "insertion_auc"], abs=1e-3)
    assert set(curves["deletion"]["accuracy"]["noise"]["mean"]) == {"", "alarm", HOSTILE}


def test_a_label_is_never_taken_for_html(page):
    assert HOSTILE not in page.text
    assert any(HOSTILE in heading["text"] for heading in page.all("h3"))


def test_the_page_asks_for_nothing_from_anywhere(page):
    text = re.sub(r"data:(image|audio)/\w+;base64,[\w+/=]+", "", page.text)
    assert len(text) < 0.5 * len(page.text)
    assert not re.search(r"https?:|//\w|\bimport\b|fetch\(|XMLHttpRequest|WebSocket|sendBeacon|url\((?!#|data:|\))", text, re.I)
    for element in page.elements:
        for name in ("src", "href", "action", "data", "poster"):
            assert element.get(name, "#").startswith(("#", "data:"))
    policy = page.all("meta", **{"http-equiv": "Content-Security-Policy"})[0]["content"]
    assert policy.startswith("default-src 'none'")
    script = next(element["text"] for element in page.all("script") if "type" not in element)
    assert f"script-src 'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}';" in policy


def test_provenance_tells_how_to_make_it_again(page):
    facts = page.text[page.text.index('id="provenance"') :]
    for word in ("GradCAM(", "neg_mean_top_weights", "random state", "scikit-learn", "18 clips", "step", "0.1"):
        assert word in facts


def test_the_removed_sound_is_the_clip_without_the_kept_one(page, compared, sounds):
    uris, evidence = page.json("sounds"), compared.evidence
    for i, clip in enumerate(evidence.clips):
        original, rate = samples(uris[f"{i}"])
        assert rate == RATE
        np.testing.assert_allclose(original, sounds[0][clip], atol=2**-14)  # nothing is clipped: the gain is 1
        for method in (0, 1):
            kept, removed = (samples(uris[f"{i}-{method}-{part}"])[0] for part in ("kept", "removed"))
            np.testing.assert_allclose(kept + removed, original, atol=2**-13)


def test_loud_sounds_share_one_gain(compared):
    evidence = pickle.loads(pickle.dumps(compared.evidence))
    quiet, _ = sounds_of(evidence, 0)
    for parts in evidence.examples.values():
        for part in parts:
            part.waveforms[:] *= 100
    loud, _ = sounds_of(evidence, 0)
    assert max(np.abs(sound).max() for sound in loud.values()) == pytest.approx(1, abs=1e-3)
    gains = [np.abs(loud[name]).max() / np.abs(quiet[name]).max() for name in quiet]
    np.testing.assert_allclose(gains, gains[0], rtol=1e-3)


def test_sounds_are_compressed_no_more_than_they_must_be():
    rng = np.random.default_rng(0)
    clips = [{"noise": rng.uniform(-1, 1, 11025).astype(np.float32)} for _ in range(3)]
    sizes = [len(encode(clips[0]["noise"], 22050, codec)) for _, codec in CODECS]
    assert sizes == sorted(sizes, reverse=True)
    for i, size in enumerate(sizes):
        encoded, words = encode_within(lambda: iter(clips), 3, 22050, 3 * 1.1 * size)
        assert words == CODECS[i][0]
        assert len(encoded) == 3
    encoded, _ = encode_within(lambda: iter(clips), 3, 22050, 2.5 * sizes[-1])
    assert len(encoded) == 2


def test_a_rate_that_no_browser_plays_is_told(compared):
    page = Page(render(with_examples(compared, sample_rate=500)))
    assert not page.json("sounds")
    notes = [note["text"] for note in page.all("p", **{"class": "note"})]
    assert "The sounds are left out: browsers do not play 500 Hz." in notes
    assert not any("too large" in note for note in notes)


@pytest.mark.parametrize(("rate", "played"), [(6000, 8000), (44100, 44100), (96000, 48000)])
@pytest.mark.parametrize("codec", CODECS[1:], ids=lambda codec: codec[0])
def test_lossy_sounds_keep_their_length_their_balance_and_are_not_clipped(rate, played, codec, monkeypatch):
    def square(rate):  # of all sounds it overshoots most
        return np.sign(np.sin(2 * np.pi * 200 * np.arange(rate) / rate)).astype(np.float32)

    clip = {"loud": square(rate), "soft": square(rate) / 4}
    monkeypatch.setattr("skxai.comparison.page.sounds.CODECS", [codec])
    (encoded,), _ = encode_within(lambda: iter([clip]), 1, rate, 1e9)
    loud, soft = (samples(encoded[name]) for name in clip)
    assert (len(loud[0]), loud[1]) == (len(soft[0]), soft[1]) == (played, played)
    assert np.abs(loud[0]).max() <= 1
    assert np.corrcoef(loud[0], square(played))[0, 1] > 0.95
    assert np.sqrt(np.mean(loud[0] ** 2) / np.mean(soft[0] ** 2)) == pytest.approx(4, rel=0.02)


def test_a_page_that_would_be_too_large_says_what_it_leaves_out(compared):
    whole = len(render(compared).encode())
    bare = len(render(compared, max_megabytes=whole / 1e6 / 3).encode())
    assert bare < whole / 3
    without = Page(render(compared, max_megabytes=0.2))
    assert len(without.text.encode()) <= 200_000
    assert "would have made this page too large" in without.text
    shown = len({name.partition("-")[0] for name in without.json("sounds")})
    cards = len(without.all("article", **{"class": "card"}))
    notes = " ".join(note["text"] for note in without.all("p", **{"class": "note"}))
    assert cards == 8 or f"{8 - cards} more example" in notes
    assert shown == cards or f"The sounds of {cards - shown} of {cards} examples" in notes
    with pytest.raises(ValueError, match=r"max_megabytes of to_html must hold the page: without examples it takes .* MB"):
        render(compared, max_megabytes=0.01)
    with pytest.raises(ValueError, match="max_megabytes of to_html must be greater than 0; got 0"):
        render(compared, max_megabytes=0)


def test_no_page_is_larger_than_it_may_be(compared, monkeypatch):
    monkeypatch.setattr("skxai.comparison.page.SPARE", 1000)  # that much is told of what is left out
    whole = len(render(compared).encode())
    for most in range(whole - 5000, whole + 2000, 2000):  # in which only the buttons of the sounds would be too much
        assert len(render(compared, max_megabytes=most / 1e6).encode()) <= most


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_examples_with_large_pictures_are_left_out_one_by_one(compared, share):
    noise = np.random.default_rng(0).random((8, 1, 192, 512))  # which both methods explain
    silent = dict.fromkeys(("axes", "waveforms", "kept", "removed"))
    comparison = with_examples(compared, features=noise, **silent)
    whole = len(render(comparison).encode())
    page = Page(render(comparison, max_megabytes=share * whole / 1e6))
    assert len(page.text.encode()) <= share * whole
    assert len(page.all("article", **{"class": "card"})) == pytest.approx(8 * share, abs=1.5)


def test_controls_alone_have_no_examples(sounds):
    features = np.random.default_rng(0).random((6, 1, 8, 8))
    classifier = FrozenEstimator(TorchClassifier(Net, max_epochs=1, random_state=0).fit(features, sounds[1][:6]))
    controls = {"energy": EnergyMap(classifier).fit(features), "edges": EdgeMap(classifier).fit(features)}
    page = Page(render(compare_explainers(controls, features, sounds[1][:6], scoring=["insertion_auc"], step=0.5)))
    assert not page.all("article")
    assert page.json("data")["methods"] == {"energy": 0, "edges": 1}


def test_a_metric_of_ones_own_counts_for_the_rank_as_in_the_table():
    scores = {name: {"mine": np.arange(4.0) + (name == "A"), "mean_top_weights": np.ones(4)} for name in "AB"}
    means = pd.DataFrame({metric: {name: of[metric].mean() for name, of in scores.items()} for metric in scores["A"]})
    page = Page(render(Comparison(means, scores)))
    assert [button["text"].split()[0] for button in page.all("button", **{"class": "sort"})] == ["Mean", "Mine", "Mean"]
    assert [head["colspan"] for head in page.all("th", scope="colgroup")] == ["1", "1"]


def test_a_table_without_evidence_is_a_page_of_a_table():
    scores = {"A": {"insertion_auc": np.array([0.1, 0.2, 0.4])}, "<B>": {"insertion_auc": np.array([0.5, 0.4, 0.6])}}
    means = {method: {name: values.mean() for name, values in of.items()} for method, of in scores.items()}
    page = Page(render(Comparison(pd.DataFrame.from_dict(means, orient="index"), scores)))
    assert [head["text"].strip() for head in page.all("th", scope="row")] == ["<B>", "A"]
    assert not page.all("article")
    assert not page.all("figure")
    assert not [link for link in page.all("a") if link["href"] in ("#examples", "#curves")]


@pytest.mark.parametrize("controls", [("A",), ("A", "B"), ()])
def test_a_control_that_nobody_beats_is_named(controls):
    rng = np.random.default_rng(0)
    scores = {name: {"insertion_auc": rng.random(9) + (name == "A")} for name in "ABC"}
    means = pd.DataFrame({"insertion_auc": {name: of["insertion_auc"].mean() for name, of in scores.items()}})
    lede = Page(render(Comparison(means, scores, controls=controls))).all("p", **{"class": "lede"})[0]["text"]
    assert ("But A (1.00) does better, and it is a control: it does not look at the model." in " ".join(lede.split())) == bool(
        controls
    )
    assert lede.split()[0] not in controls
    everyone = Page(render(Comparison(means, scores, controls="ABC")))
    assert len(everyone.all("th", scope="row")) == 3


def test_one_method_has_no_rank():
    values = np.array([0.1, 0.2, np.nan])
    page = Page(render(Comparison(pd.DataFrame({"insertion_auc": {"A": 0.15}}), {"A": {"insertion_auc": values}})))
    assert [button["text"].split()[0] for button in page.all("button", **{"class": "sort"})] == ["Insertion"]


def test_features_have_pictures_without_players(sounds):
    X, y = sounds
    methods = pipelines(trained=True, X=X, y=y)
    features = methods["saliency"][:-1].transform(X)
    explainers = {name: pipeline[-1] for name, pipeline in methods.items()}
    page = Page(render(compare_explainers(explainers, features, scoring=["neg_mean_top_weights"], examples=2)))
    assert len(page.all("img", alt="")) == 2 * 2 + 1  # and the key
    assert page.json("sounds") == page.json("data")["curves"] == {}
    assert "Nothing can be kept" not in page.text
    assert not page.all("input", name="right")  # nobody knows what is right


def test_cepstra_have_the_original_only_and_the_page_says_why(sounds):
    X, y = sounds
    mfcc = MFCC(RATE, n_mfcc=8, n_fft=256, n_mels=16)
    trained = FrozenEstimator(TorchClassifier(Net, max_epochs=1, random_state=0).fit(mfcc.fit_transform(X), y))
    methods = {"saliency": make_pipeline(mfcc, VanillaSaliency(trained)).fit(X, y)}
    page = Page(render(compare_explainers(methods, X, y, scoring=["neg_mean_top_weights"], examples=3)))
    assert sorted(page.json("sounds")) == ["0", "1", "2"]
    assert "a cepstral coefficient is spread over all frequencies" in page.text


def test_the_folds_of_a_cross_validation_show_their_own_clips(sounds):
    X, y = sounds
    methods = pipelines(trained=False, X=X, y=y)
    comparison = compare_explainers(methods, X, y, scoring=["insertion_auc"], cv=3, examples=6, step=0.5)
    evidence = comparison.evidence
    rows = comparison.scores.index.to_numpy()
    np.testing.assert_array_equal(evidence.labels, y[rows[evidence.clips]])
    assert sorted(np.concatenate([part.clips for part in evidence.examples["saliency"]])) == sorted(evidence.clips)
    assert len(evidence.examples["saliency"]) == 3
    for part in evidence.examples["Grad-CAM"]:
        np.testing.assert_array_equal(part.waveforms, X[rows[part.clips]])
        np.testing.assert_allclose(part.extraction.transform(part.waveforms), part.features, atol=1e-6)
    page = Page(render(comparison))
    assert len(page.all("article", **{"class": "card"})) == 6
    explained = sum(np.isfinite(part.kept).sum() for parts in evidence.examples.values() for part in parts)
    assert len(page.json("sounds")) == 6 + 2 * explained
    assert explained > 6


def test_a_comparison_keeps_no_more_than_its_examples(compared):
    for parts in compared.evidence.examples.values():
        assert [len(part.maps) for part in parts] == [8]
    assert "noise" not in compared.evidence.examples
    again = pickle.loads(pickle.dumps(compared))
    assert render(again) == render(compared)
    assert len(pickle.dumps(compared.evidence)) < 2e6  # no network


@pytest.mark.parametrize("n_examples", [0, 3, 4, 7, 100])
def test_examples_are_of_all_classes_right_and_wrong(n_examples):
    y = np.repeat(["a", "b", "c"], 10)
    predicted = np.where(np.arange(30) % 5 == 4, "a", y)  # two of b, two of c are wrong
    chosen = choose_examples(n_examples, 30, y, predicted)
    assert len(chosen) == len(set(chosen.tolist())) == min(n_examples, 30)
    _, counts = np.unique(y[chosen], return_counts=True)
    assert n_examples == 0 or counts.max() - counts.min() <= 1
    if n_examples >= 6:
        assert set(y[chosen][predicted[chosen] != y[chosen]]) == {"b", "c"}


def test_a_number_of_examples_is_checked(compared, sounds):
    with pytest.raises(ValueError, match="examples of compare_explainers must be a whole number of clips, 0 or more; got -1"):
        compare_explainers(pipelines(trained=False, X=sounds[0], y=sounds[1]), *sounds, examples=-1)


def test_a_page_is_written_whole_or_not_at_all(compared, tmp_path, monkeypatch):
    path = tmp_path / "page.html"
    path.write_text("mine")
    with pytest.raises(FileExistsError, match=r"path of to_html must be a new file; .* exists. overwrite=True replaces it"):
        compared.to_html(path)
    with pytest.raises(FileExistsError, match=r"path of to_html must be a file; .* is a folder"):
        compared.to_html(tmp_path)
    for parent in (tmp_path / "nowhere", path):
        with pytest.raises(FileNotFoundError, match=r"path of to_html must be in a folder; .* is not a folder"):
            compared.to_html(parent / "page.html")

    def full(*args):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space left"):
        compared.to_html(path, overwrite=True)
    assert path.read_text() == "mine"
    monkeypatch.undo()
    assert compared.to_html(str(path), overwrite=True) == path
    assert path.read_text(encoding="utf-8").endswith("</html>")
    assert os.listdir(tmp_path) == ["page.html"]
    assert Path(path).stat().st_mode & 0o044  # others may read it


def test_pictures_hold_the_levels():
    levels = np.random.default_rng(0).random((5, 7))
    picture = matplotlib.image.imread(io.BytesIO(decoded(png(levels))))
    np.testing.assert_allclose(picture[::-1], levels, atol=0.5 / 255)
    picture = matplotlib.image.imread(io.BytesIO(decoded(png(levels, alpha=True))))
    np.testing.assert_allclose(picture[::-1, :, -1], levels, atol=0.5 / 255)
    assert not picture[..., :-1].any()


def test_relevance_of_zero_is_black_or_of_signed_maps_grey():
    maps = np.zeros((1, 1, 2, 3))
    maps[0, 0, 0, 0] = 2
    uris, signed = draw_maps(maps)
    picture = matplotlib.image.imread(io.BytesIO(decoded(uris[0])))
    assert not signed
    assert picture.tolist() == [[0, 0, 0], [1, 0, 0]]
    maps[0, 0, 1, 2] = -2
    uris, signed = draw_maps(maps)
    picture = matplotlib.image.imread(io.BytesIO(decoded(uris[0])))
    assert signed
    np.testing.assert_allclose(picture, [[0.5, 0.5, 0], [1, 0.5, 0.5]], atol=0.01)


def test_long_features_keep_their_greatest_relevance_in_a_small_picture():
    maps = np.zeros((1, 1, 4, 5000))
    maps[0, 0, 2, 4321] = 1
    picture = matplotlib.image.imread(io.BytesIO(decoded(draw_maps(maps)[0][0])))
    assert picture.shape == (4, MOST_COLUMNS)
    assert picture[1].argmax() == pytest.approx(4321 * MOST_COLUMNS / 5000, abs=1)
    assert picture.max() == 1
    assert len(draw_features(np.random.default_rng(0).random((2, 5000)))) == 2  # waveforms


def test_ticks_and_events_are_at_their_seconds_and_hertz():
    mel = MelSpectrogram(8000, n_fft=256, n_mels=32).fit(np.zeros((1, 8000)))
    axes = FeatureAxes(mel.frequencies_, mel.times_, 8000)
    frame = make_frame(axes, (1, 32, len(mel.times_)))
    for place, label in frame["x"]:
        assert frame["left"] + place / 100 * (frame["right"] - frame["left"]) == pytest.approx(float(label))
    for place, label in frame["y"]:
        assert np.interp(place / 100 * 32 - 0.5, np.arange(32), mel.frequencies_) == pytest.approx(float(label), rel=0.02)
    box = place_event(("x", 0.25, 0.75, 500, 2000), axes, frame, 32)
    row = box["bottom"] / 100 * 32 - 0.5
    assert np.interp(row, np.arange(32), mel.frequencies_) == pytest.approx(500, rel=0.01)
    assert box["width"] == pytest.approx(50, abs=1)
    assert place_event(("x", 5, 6, 500, 2000), axes, frame, 32) is None
