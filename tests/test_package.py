"""What a package index and pip are told: bounds, links, Pythons."""

import re
import sys
from importlib import metadata
from pathlib import Path

import pytest

import skxai
from tools import bounds

ROOT = Path(__file__).parents[1]


def numbers(version):
    return [int(number) for number in re.findall(r"\d+", version.split("+")[0])]


def test_constraints_of_test_lowest_are_the_bounds_of_setup():
    lines = bounds.constraints()
    for requirement in bounds.declared()["install_requires"]:
        name, version = requirement.split(">=")
        assert f"{bounds.normalised(name)}=={version}" in lines
    assert len(lines) == len({line.split("==")[0] for line in lines})


def test_packages_that_are_named_have_the_pinned_version():
    assert set(bounds.constraints(["torch"])) - set(bounds.constraints()) == {f"torch=={bounds.pinned()['torch']}"}


def test_pinned_versions_are_within_the_bounds():
    pinned = bounds.pinned()
    assert {name: lowest for name, lowest in bounds.lowest().items() if numbers(pinned[name]) < numbers(lowest)} == {}


def test_the_environment_of_test_lowest_has_the_lowest_versions():
    file = Path(sys.prefix) / "constraints.txt"
    if not file.exists():
        pytest.skip("is for the environment of make test-lowest")
    wanted = dict(line.split("==") for line in file.read_text().splitlines())
    for requirement in bounds.declared()["install_requires"]:
        name = bounds.normalised(requirement.split(">=")[0])
        got, want = numbers(metadata.version(name)), numbers(wanted[name])
        assert got == want + [0] * (len(got) - len(want)), name


def test_links_of_the_readme_are_absolute_on_a_package_index_and_lead_to_files():
    declared = bounds.declared()
    prose = re.sub(r"^```.*?^```|`[^`\n]+`", "", declared["long_description"], flags=re.M | re.S)
    links = re.findall(r"\]\(([^)\s]+)\)", prose)
    assert links
    assert [link for link in links if not link.startswith(("https://", "#"))] == []
    own = [link.removeprefix(declared["url"] + "/").split("/", 2) for link in links if link.startswith(declared["url"])]
    assert [path for kind, _, path in own if (kind == "raw") != path.endswith(".png")] == []  # an index shows raw files only
    assert [path for _, _, path in own if not (ROOT / path.split("#")[0]).exists()] == []


def test_nothing_but_its_links_changes_in_the_readme():
    declared = bounds.declared()
    back = re.sub(rf"{re.escape(declared['url'])}/(raw|blob)/main/", "", declared["long_description"])
    assert back == (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_citation_names_this_version():
    assert f"\nversion: {skxai.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_only_pythons_that_were_tried_are_claimed():
    claimed = re.findall(r"Python :: (3\.\d+)", "\n".join(bounds.declared()["classifiers"]))
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    tried = set(re.findall(r"^\| (3\.\d+)", guide.split("## What was tried")[1], re.M))
    assert set(claimed) == tried
