"""The README works as typed: every Python block in order in one namespace, every command, every link, and it stays short."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pytest
import soundfile

from skxai.datasets import make_audio_events

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
COMMANDS = [
    line.split(" #")[0].strip() for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines()
]
# What a command does is seen on less data; what reaches the network, or makes another environment, is looked at only.
SMALL = "--scenes 40 --epochs 1 --n-test 4 --explainers GradCAM RandomMap --scoring insertion_auc"
INSTALLS = ("pip install", "curl -L", "unzip -q")


def test_is_short():
    assert len(README.encode()) <= 8000


def test_links_and_pictures_are_there():
    targets = [target for target in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in target]
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_python_blocks_run_as_typed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    mpl.use("Agg")
    names = {"__name__": "__main__"}
    for block in PYTHON:
        exec(compile(block, "README.md", "exec"), names)
    printed = capsys.readouterr().out
    assert re.search(r"clip +start +stop +low +high", printed)  # the table in hertz and seconds
    assert "noise_level" in printed  # best_params_
    assert "Grad-CAM" in printed
    for file in ("maps.png", "page.html"):
        assert (tmp_path / file).stat().st_size > 10_000


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """A folder with what the commands name: a sub-folder for each class, and ESC-50's layout."""
    folder = tmp_path_factory.mktemp("commands")
    scenes = make_audio_events(40, duration=0.5, sample_rate=8000, random_state=0)
    for number, (waveform, label) in enumerate(zip(scenes.data, scenes.target)):
        (folder / "my_clips" / label).mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / "my_clips" / label / f"{number}.wav", waveform, 8000)
    (folder / "ESC-50-master" / "audio").mkdir(parents=True)
    (folder / "ESC-50-master" / "meta").mkdir()
    rows = ["filename,fold,target,category,esc10,src_file,take"]
    for number, (waveform, label) in enumerate(zip(scenes.data, scenes.target)):
        fold = list(scenes.target[:number]).count(label) % 5 + 1  # each has clips of all classes
        rows.append(f"{number}.wav,{fold},{scenes.target_names.index(label)},{label},True,{number},A")
        soundfile.write(folder / "ESC-50-master" / "audio" / f"{number}.wav", waveform, 8000)
    (folder / "ESC-50-master" / "meta" / "esc50.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_command_runs(command, clips):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    if command.startswith(INSTALLS):
        program, *arguments = shlex.split(command)
        assert program in ("pip", "curl", "unzip")
        assert all(argument for argument in arguments)
        return
    if command.startswith("make "):
        result = subprocess.run([*shlex.split(command), "-n"], cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert result.returncode == 0, result.stderr
        assert ("skxai compare" if command == "make demo" else "pytest") in result.stdout
        return
    assert command.startswith("skxai ")
    arguments = shlex.split(command)[1:]
    if "--help" not in arguments:
        arguments += shlex.split(SMALL)
    out = arguments[arguments.index("--out") + 1] if "--out" in arguments else "out/compare"
    shutil.rmtree(clips / out, ignore_errors=True)
    result = subprocess.run(
        [sys.executable, "-m", "skxai", *arguments], cwd=clips, env=environment, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stderr
    if "--help" not in arguments:
        assert (clips / out / "table.csv").is_file()
        assert (clips / out / "page.html").is_file() == ("--html" in arguments)
