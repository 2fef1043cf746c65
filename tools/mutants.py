"""Change one thing in skxai at a time, and ask whether a test notices: what none notices is printed.

`make mutants` samples from all changes of `tools/mutations.py` to the metrics, explainers, features, inspection and statistics.
A process that has imported all but skxai is forked for each; the child gets the changed source by an import hook and runs the
tests that concern it, the nearest first. A failure counts when the test passes without the change. Changes that change
nothing that can be seen are told, with the reason, in `tools/equivalent_mutants.toml`.
"""

import argparse
import fnmatch
import hashlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import re
import resource
import signal
import sys
import tempfile
import time
import tomllib
import traceback
from pathlib import Path

from .house import ROOT, all_imports, package_of
from .mutations import mutations_of

REPOSITORY = ROOT.parent
MUTATED = (
    "metrics/*.py", "explainers/*.py", "features/*.py", "inspection/*.py", "comparison/statistics.py", "utils/statistics.py",
)  # fmt: skip
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.toml")
# Where the tests of a file are, if not in the folder of its package; reference/ and test_common.py come after these.
ELSEWHERE = {"utils/statistics.py": "comparison"}
SECONDS, WALL_SECONDS = 900, 3000  # of a processor, and by the clock, for the tests of one mutant; one that hangs is noticed
BAR = 0.97
N_USERS = 6  # names of those who use a helper that the common tests are asked for
_REWRITE = "ignore::pytest.PytestAssertRewriteWarning"  # plugins that are imported before the fork


class _Mutated(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """Gives one module another source."""

    def __init__(self, file, text):
        parts = ["skxai", *file.removesuffix(".py").removesuffix("/__init__").split("/")]
        super().__init__(".".join(parts), str(ROOT / file))
        self.text = text

    def find_spec(self, fullname, path=None, target=None):
        """Return a spec for the module, and None for all others."""
        if fullname == self.name:
            return importlib.util.spec_from_file_location(fullname, self.path, loader=self)
        return None

    def get_code(self, fullname):
        """Compile the text; no bytecode is read or written."""
        return compile(self.text, self.path, "exec", dont_inherit=True)


class _Watch:
    """A plugin of pytest: keeps the tests that concern some names, and notes which fails first."""

    def __init__(self, names=()):
        self.pattern = re.compile("|".join(rf"\b{name}\b" for name in names)) if names else None
        self.failed = None

    def pytest_collection_modifyitems(self, items):
        if self.pattern is not None:
            items[:] = [item for item in items if self.pattern.search(item.nodeid)]

    def pytest_runtest_logreport(self, report):
        if report.failed and self.failed is None:
            self.failed = report.nodeid

    def pytest_collectreport(self, report):
        if report.failed and self.failed is None:
            self.failed = report.nodeid or "collection"


def public_names(text):
    """Return the functions and classes that stand at the top of a file, but for those of its own."""
    return re.findall(r"^(?:def|class) ([A-Za-z]\w*)", text, re.MULTILINE)


def stages(mutation, tests=REPOSITORY / "tests"):
    """Return the runs of pytest that concern a mutation, the nearest first, as ``[(paths, names or None)]``."""
    package = package_of(mutation.file)
    folder = tests / ELSEWHERE.get(mutation.file, package)
    own = public_names((ROOT / mutation.file).read_text(encoding="utf-8"))
    near = _mentioning(folder, own, mutation.file)
    users = {each.importer for each in all_imports() if each.imported == mutation.file and each.importer != mutation.file}
    theirs = [name for user in sorted(users) for name in public_names((ROOT / user).read_text(encoding="utf-8"))]
    # Of a helper or a base class, those are asked that use it; of what is offered only the tests that name it.
    offered = _is_offered(mutation.place) and not Path(mutation.file).stem.startswith(("_", "base"))
    names = [mutation.place] if offered else own
    far = [path for path in _mentioning(folder, theirs, mutation.file) if path not in near]
    common = [*names, *([] if offered else theirs[:N_USERS])]
    found = [(near, None), (far if not near or not offered else [], None)]
    found.append(([tests / "test_architecture.py"], [*names, re.escape(mutation.file)]))
    # A method that others call is seen by their tests: of a base class, or of what is passed about.
    if len(mutation.function) > 8 and not mutation.function.startswith("_"):
        called = re.compile(rf"\.{mutation.function}\b|\"{mutation.function}\"")
        for path in sorted(ROOT.rglob("*.py")):
            file, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
            if file != mutation.file and package_of(file) != package and called.search(text):
                found.append((_mentioning(tests / package_of(file), public_names(text), file)[:1], None))
    if package in ("metrics", "explainers"):
        found.append(([tests / "reference" / f"test_{package}.py"], common))
    if package in ("metrics", "explainers", "features"):
        found.append(([tests / "test_common.py"], common))
    if "convention" in (ROOT / mutation.file).read_text(encoding="utf-8"):
        found.append((_mentioning(tests / "peers", common, mutation.file), None))
    if "device" in (ROOT / mutation.file).read_text(encoding="utf-8") and package in ("metrics", "explainers"):
        found.append(([tests / "engine" / "test_devices.py"], None))
    return [([path.relative_to(REPOSITORY).as_posix() for path in paths], names) for paths, names in found if paths]


def _mentioning(folder, names, file):
    """Return the test files of a folder that mention any of the names, the one that is called as the file first."""
    pattern = re.compile("|".join(rf"\b{name}\b" for name in names) or r"(?!)")
    counts = {path: len(pattern.findall(path.read_text(encoding="utf-8"))) for path in sorted(folder.glob("test_*.py"))}
    stem = Path(file).stem.strip("_")
    return sorted((path for path in counts if counts[path] > 0), key=lambda path: (stem not in path.stem, -counts[path]))


def _is_offered(name):
    """Whether a name is imported by the ``__init__`` of its package, so that the common tests name it."""
    return any(each.name == name and each.importer.endswith("__init__.py") for each in all_imports())


def _child(runs, mutation, text, answer):
    """Run the tests in this process, and write what failed first to a file."""
    import pytest

    os.setsid()
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 10))
    sys.dont_write_bytecode = True
    log = os.open(f"{answer}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
    if mutation is not None:
        sys.meta_path.insert(0, _Mutated(mutation.file, mutation.apply(text)))
    failed = None
    for paths, names in runs:
        if paths == ["tests/engine/test_devices.py"]:  # which starts itself, elsewhere, unless it is told the device
            os.environ["SKXAI_DEVICE"] = "pretend"
        watch = _Watch(names)
        options = ["-x", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "-o", "addopts=", "--tb=line", "-W", _REWRITE]
        code = pytest.main([*options, f"--basetemp={answer}.tmp", *paths], plugins=[watch])
        if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            failed = watch.failed or f"collection of {' '.join(paths)}"
            break
    Path(answer).write_text(json.dumps(failed))
    os._exit(0)


class Nursery:
    """Children that run tests, some at a time."""

    def __init__(self, folder, n_jobs):
        self.folder, self.n_jobs, self.running, self.count = Path(folder), n_jobs, {}, 0

    def start(self, task, runs, mutation=None, text=None):
        """Fork a child for a task; `finished` names the task again."""
        self.count += 1
        answer = self.folder / f"{self.count}.json"
        sys.stdout.flush()
        if (pid := os.fork()) == 0:
            try:
                _child(runs, mutation, text, answer)
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(1)
        self.running[pid] = (task, answer, time.monotonic())

    def finished(self):
        """Wait for any child, and return its task, the test that failed first (None: none did) and its seconds."""
        while True:
            for pid, (task, answer, started) in list(self.running.items()):
                seconds = time.monotonic() - started
                reaped, status = os.waitpid(pid, os.WNOHANG)
                ended = reaped == pid
                if not ended and seconds < WALL_SECONDS:
                    continue
                if not ended:
                    os.killpg(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                del self.running[pid]
                hangs = not ended or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU)
                if hangs:
                    return task, f"more than {SECONDS} s", seconds
                if not answer.exists():
                    log = Path(f"{answer}.log").read_text(errors="replace")
                    raise RuntimeError(f"A child came to no end at {task}:\n{log[-3000:]}")
                return task, json.loads(answer.read_text()), seconds
            time.sleep(0.05)


def preload():
    """Import what is slow to import and not skxai's; threads would not live through a fork."""
    os.environ |= {"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
    import hypothesis
    import matplotlib.pyplot
    import pandas
    import pytest
    import scipy.signal
    import scipy.stats
    import sklearn.ensemble
    import sklearn.utils.estimator_checks
    import skorch
    import soundfile
    import torch
    import torch.fx

    torch.set_num_threads(1)
    return hypothesis, matplotlib, pandas, pytest, scipy, skorch, sklearn, soundfile


def sampled(texts, n, seed):
    """Return ``n`` of all mutations of the files, in the order of the files: those of the least hashes.

    A hash is of the change alone, so that the sample stays as it is where the rest of the code changes.
    """
    found = [mutation for file, text in texts.items() for mutation in mutations_of(file, text)]
    lines = {file: text.encode().splitlines(keepends=True) for file, text in texts.items()}
    number = {}

    def place_in_sample(mutation):
        line = lines[mutation.file][mutation.line(texts[mutation.file]) - 1]
        change = repr((seed, mutation.file, line, texts[mutation.file].encode()[mutation.start : mutation.end], mutation.new))
        number[change] = number.get(change, -1) + 1
        return hashlib.sha256(f"{change} {number[change]}".encode()).digest()

    chosen = sorted(found, key=place_in_sample)[:n]
    return sorted(chosen, key=lambda mutation: (mutation.file, mutation.start, mutation.new)), len(found)


def excuses():
    """Return the equivalent mutations as ``{(file, lines that go and come): reason}``."""
    if not EQUIVALENT.exists():
        return {}
    listed = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8")).get("mutant", [])
    return {(each["file"], each["change"]): each["reason"] for each in listed}


def _key(mutation, text):
    return mutation.file, " ".join(f"{line[0]} {line[1:].strip()}" for line in mutation.lines(text))


def run(mutations, texts, n_jobs):
    """Return ``{mutation: the test that noticed it, or None}``."""
    noticed, verified, waiting, left = {}, {}, [], list(mutations)
    with tempfile.TemporaryDirectory() as folder:
        nursery = Nursery(folder, n_jobs)

        def settle(mutation, test, seconds):
            noticed[mutation] = test
            text = texts[mutation.file]
            print(
                f"{len(noticed):>4} {mutation.file}:{mutation.line(text)}  {test or 'SURVIVED'}  ({seconds:.0f} s)", flush=True
            )

        while left or nursery.running:
            while left and len(nursery.running) < n_jobs:
                mutation = left.pop(0)
                nursery.start((mutation, None), stages(mutation), mutation, texts[mutation.file])
            (mutation, test), failed, seconds = nursery.finished()
            if mutation is None:  # a test without any mutation
                verified[test] = failed is None
                for each, took in [pair for pair in waiting if pair[0][1] == test]:
                    settle(each[0], test if verified[test] else f"INVALID: {test} fails without the change", took)
                waiting = [pair for pair in waiting if pair[0][1] != test]
            elif failed is None or "::" not in failed or failed in verified:
                settle(mutation, failed, seconds)
            else:
                waiting.append(((mutation, failed), seconds))
                if sum(each[1] == failed for each, _ in waiting) == 1:
                    nursery.start((None, failed), [([failed], None)])
    return noticed


def main(arguments=None):
    """Sample, run and print; the exit status is 1 where fewer than 97 % of those that are not equivalent are noticed."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=160, help="how many mutations (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="which ones (%(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="how many at the same time (%(default)s)")
    parser.add_argument("--only", default="*", help="files under skxai/, such as 'metrics/*'")
    parser.add_argument("--survivors", metavar="FILE", help="run only those that an earlier run wrote here; writes them, too")
    options = parser.parse_args(arguments)

    files = sorted({path for pattern in MUTATED for path in ROOT.glob(pattern)})
    names = [path.relative_to(ROOT).as_posix() for path in files]
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in names if fnmatch.fnmatch(name, options.only)}
    mutations, n_all = sampled(texts, options.n, options.seed)
    equivalent = excuses()
    excused = [mutation for mutation in mutations if _key(mutation, texts[mutation.file]) in equivalent]
    asked = [mutation for mutation in mutations if mutation not in excused]
    if options.survivors and Path(options.survivors).exists():
        before = set(json.loads(Path(options.survivors).read_text()))
        asked = [mutation for mutation in asked if "".join(_key(mutation, texts[mutation.file])) in before]
    preload()
    os.chdir(REPOSITORY)
    sys.path.insert(0, str(REPOSITORY))
    noticed = run(asked, texts, options.jobs)
    survivors = [mutation for mutation in asked if noticed[mutation] is None]
    for mutation in survivors:
        text = texts[mutation.file]
        print(f"\nskxai/{mutation.file}:{mutation.line(text)}", *mutation.lines(text), sep="\n")
    if options.survivors:
        Path(options.survivors).write_text(json.dumps(["".join(_key(each, texts[each.file])) for each in survivors]))
    killed = len(asked) - len(survivors)
    print(f"\n{len(mutations)} of {n_all} mutations: {killed} noticed, {len(survivors)} not, {len(excused)} equivalent.")
    return int(killed < BAR * len(asked))


if __name__ == "__main__":
    sys.exit(main())
