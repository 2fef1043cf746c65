"""How pictures look: colours that the colour-blind tell apart, text that stays text, names that are broken where one may."""

import io
from itertools import combinations

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from skxai.display import PerturbationCurveDisplay, RankingDisplay
from skxai.display._layout import wrapped
from skxai.display.style import PALETTE, REFERENCE, grey_map, line_style, relevance_map, vector_text
from skxai.metrics import PerturbationCurve

# How dichromats see linear RGB: Machado, Oliveira & Fernandes, "A Physiologically-based Model for Simulation of Color Vision
# Deficiency", IEEE TVCG 15, 2009, table 1, at severity 1.
VISIONS = {
    "trichromat": np.eye(3),
    "protanope": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranope": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanope": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])


def lab(colours, vision):
    """Return CIE L*a*b* (D65) of sRGB colours ``(n, 3)`` as somebody sees them."""
    colours = np.asarray(colours)
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.transpose(VISIONS[vision]), 0, 1)
    xyz = seen @ TO_XYZ.T / TO_XYZ.sum(axis=1)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


def test_the_measure_of_colours_is_that_of_the_cie():
    np.testing.assert_allclose(lab([[1, 1, 1], [1, 0, 0]], "trichromat"), [[100, 0, 0], [53.24, 80.09, 67.2]], atol=0.02)
    red, green = lab([to_rgb("#9B2226"), to_rgb("#4E5A1E")], "deuteranope")
    plain = np.subtract(*lab([to_rgb("#9B2226"), to_rgb("#4E5A1E")], "trichromat"))
    assert np.linalg.norm(red - green) < 0.5 * np.linalg.norm(plain)


@pytest.mark.parametrize("vision", VISIONS)
class TestColours:
    def test_methods_are_told_apart(self, vision):
        colours = lab([to_rgb(colour) for colour in (*PALETTE, REFERENCE)], vision)
        apart = {(i, j): np.linalg.norm(colours[i] - colours[j]) for i, j in combinations(range(len(colours)), 2)}
        assert min(apart.values()) > 15  # 2.3 is what one just sees side by side

    def test_more_relevance_is_darker(self, vision):
        rgba = relevance_map()(np.linspace(0, 1, 64))
        on_white = rgba[:, 3:] * rgba[:, :3] + 1 - rgba[:, 3:]
        assert (np.diff(lab(on_white, vision)[:, 0]) < 0).all()

    def test_for_and_against_are_told_apart(self, vision):
        rgba = relevance_map(signed=True)(np.array([0.25, 0.75, 0.0, 1.0]))
        against, favour, all_against, all_favour = lab(rgba[:, 3:] * rgba[:, :3] + 1 - rgba[:, 3:], vision)
        assert np.linalg.norm(against - favour) > 15
        assert np.linalg.norm(all_against - all_favour) > 30


def test_lines_differ_in_grey():
    styles = [line_style(i, 100) for i in range(20)]
    assert len({(str(style["linestyle"]), style["marker"]) for style in styles}) == 20
    repeated = [(a, b) for a, b in combinations(styles, 2) if a["color"] == b["color"]]
    assert all(a["marker"] != b["marker"] and a["linestyle"] != b["linestyle"] for a, b in repeated)


def test_spectrograms_are_darker_where_they_are_louder():
    grey = grey_map()(np.linspace(0, 1, 256))
    assert grey[0, :3].tolist() == [1, 1, 1]
    assert (np.diff(grey[:, 0]) <= 0).all()
    assert (grey[:, :3] == grey[:, :1]).all()


class TestFiles:
    @pytest.mark.parametrize("suffix", ["svg", "pdf"])
    def test_text_stays_text_and_settings_stay_the_users(self, suffix):
        before = dict(matplotlib.rcParams)
        file = io.BytesIO()
        figure = RankingDisplay.from_ranks({"A rare name": 1.2, "another": 1.8}, 0.5).figure_
        with vector_text():
            figure.savefig(file, format=suffix, metadata={"Creator": ""} if suffix == "svg" else None)
        content = file.getvalue()
        assert (b"A rare name" in content) if suffix == "svg" else (b"/TrueType" in content or b"/CIDFontType2" in content)
        assert dict(matplotlib.rcParams) == before

    def test_curves_are_vectors(self):
        probability = np.random.default_rng(0).random((8, 101))
        curve = PerturbationCurve("deletion", np.linspace(0, 1, 101), probability, probability, np.zeros(8))
        file = io.BytesIO()
        PerturbationCurveDisplay.from_curve({str(i): curve for i in range(12)}).figure_.savefig(file, format="svg")
        assert b"<image" not in file.getvalue()
        assert len(file.getvalue()) < 400_000


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("GradCAM", 20, "GradCAM"),
        ("GradCAMPlusPlus", 10, "GradCAM\nPlusPlus"),
        ("IntegratedGradients", 12, "Integrated\nGradients"),
        ("taken for fire_crackling", 20, "taken for\nfire_crackling"),
        ("fire_crackling", 10, "fire_\ncrackling"),
        ("one\ntwo three", 20, "one\ntwo three"),
        ("", 5, ""),
    ],
)
def test_names_are_broken_where_their_parts_meet(text, width, expected):
    assert wrapped(text, width) == expected


def test_legend_stays_inside_where_no_layout_makes_room():
    curve = PerturbationCurve("deletion", np.array([0.0, 1.0]), np.array([[1.0, 0.0]]), np.zeros((1, 2)), np.zeros(1))
    figure, ax = plt.subplots()
    PerturbationCurveDisplay.from_curve(curve, ax=ax)
    figure.draw_without_rendering()
    assert ax.get_window_extent().contains(*ax.get_legend().get_window_extent().min)
