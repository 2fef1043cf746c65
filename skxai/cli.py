"""The command line: `skxai compare` trains, explains, scores and draws."""

import argparse
import shlex
import sys
import time
import warnings
from functools import partial
from pathlib import Path

from . import __version__

DESCRIPTION = "Explain audio CNN classifiers, and measure whether the explanations are faithful."

COMPARE = """\
Train a small audio CNN, explain its decisions on test clips by every method, measure by every metric how faithful the
explanations are, print the table and write it with its figures.

Without --data it runs on scenes that it makes: wheezes, coughs, alarms and voices over the hum of a ventilator.
"""

EXAMPLES = """\
examples:
  skxai compare                                     everything on built-in scenes; results in out/compare
  skxai compare --data my_clips                     on your own audio: a sub-folder for each class
  skxai compare --data ESC-50 --preset wang2022     the study of Wang (2022) on ESC-50's layout
  skxai compare --data UrbanSound8K --preset ansari2024 --epochs 5
  skxai compare --explainers GradCAM SmoothGrad --scoring insertion_auc neg_deletion_auc

what it writes:
  table.csv      one row a method, one column a metric (means over the test clips)
  intervals.csv  95 % intervals of the means, by bootstrap over the recordings
  tests.csv      each pair of methods: difference, its interval, Wilcoxon's test with Holm's correction
  ranks.csv      mean ranks of the methods, Friedman's test, Nemenyi's critical difference
  agreement.csv  how alike the metrics rank the methods (Spearman)
  scores.csv     every metric of every clip;  summary.csv: their distribution
  maps.npz       arrays: maps (methods × clips × …), methods, features, labels, clips
  figures/       the pictures;  run.json: the command, seeds and versions
  page.html      with --html: all of it in one page, with the examples to look at and to listen to
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line with what stands behind ``skxai``, or the process's own arguments; return its exit status.

    0, 2 after an error that the user can mend, or 130 after Ctrl-C.
    """
    given = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="skxai", description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"skxai {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_compare(commands, with_options="compare" in given)
    options = parser.parse_args(given)
    if options.labels is not None and options.data is None:
        parser.error("--labels names files of the folder --data, which is not given")
    options.command = shlex.join(["skxai", *given])
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("default", category=UserWarning)  # what concerns the user, not the developer
            warnings.showwarning = _show_warning
            options.run(options)
    except KeyboardInterrupt:
        print("skxai: interrupted; nothing was written.", file=sys.stderr)
        return 130
    except (ValueError, TypeError, OSError, ImportError) as error:
        if options.debug:
            raise
        print(f"skxai: error: {error}", file=sys.stderr)
        return 2
    return 0


def _add_compare(commands, with_options):
    compare = commands.add_parser(
        "compare",
        help="train, explain, score and draw",
        description=COMPARE,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if not with_options:  # what it offers must be imported, which takes seconds
        return
    compare.set_defaults(run=_compare)
    _add_data(compare.add_argument_group("data"))
    _add_study(compare.add_argument_group("study"))
    _add_output(compare.add_argument_group("output"))


# The choices are whatever is registered: a new data set, study, explainer or metric is offered without a change here.
def _add_data(data):
    from .datasets.layouts import known_loaders

    text = "folder of audio: a sub-folder for each class, or the layout of a corpus that is known by its table, of "
    text += f"{', '.join(known_loaders())} (default: built-in scenes)"
    data.add_argument("--data", type=Path, metavar="DIR", help=text)
    text = "table with the columns file and label, instead of sub-folders"
    data.add_argument("--labels", type=Path, metavar="CSV", help=text)
    text = "an unreadable file stops the run, or is left out and reported (default: %(default)s)"
    data.add_argument("--on-error", choices=["raise", "skip"], default="raise", help=text)
    text = "how many scenes to make without --data (default: %(default)s)"
    data.add_argument("--scenes", type=_positive, default=600, metavar="N", help=text)


def _add_study(study):
    from .metrics import get_scorer_names
    from .studies import all_studies
    from .testing.discovery import all_explainers

    studies = all_studies()
    presets = "; ".join(f"{study.name}: {study.summary}" for study in studies.values())
    study.add_argument("--preset", choices=list(studies), default="default", help=f"{presets} (default: %(default)s)")
    explainers = [name for name, _ in all_explainers()]
    text = f"methods to compare, of {', '.join(explainers)} (default: the preset's)"
    study.add_argument("--explainers", nargs="+", metavar="NAME", choices=explainers, help=text)
    scorers = get_scorer_names()
    text = f"scorers, of {', '.join(scorers)} (default: the preset's)"
    study.add_argument("--scoring", nargs="+", metavar="NAME", choices=scorers, help=text)
    study.add_argument("--epochs", type=_positive, metavar="N", help="passes over the training set (default: the preset's)")
    text = "how many test clips are explained (default: the preset's)"
    study.add_argument("--n-test", type=_positive, metavar="N", help=text)
    study.add_argument("--seed", type=_natural, default=0, metavar="N", help="of everything random (default: %(default)s)")


def _add_output(output):
    text = "new folder for the results (default: %(default)s)"
    output.add_argument("--out", type=Path, default=Path("out/compare"), metavar="DIR", help=text)
    output.add_argument("--html", action="store_true", help="write page.html too: the table, curves and examples to listen to")
    output.add_argument("--overwrite", action="store_true", help="replace earlier results in --out")
    output.add_argument("--format", choices=["png", "svg", "pdf"], default="png", help="of the figures (default: %(default)s)")
    output.add_argument("--jobs", type=int, default=None, metavar="N", help="files that are read at a time (default: 1)")
    output.add_argument("--quiet", action="store_true", help="print the table and nothing else")
    output.add_argument("--debug", action="store_true", help="show the traceback of an error")


def _compare(options):
    import shutil

    import matplotlib as mpl
    from tqdm.auto import tqdm

    from .engine import progress_bars
    from .studies import get_study
    from .studies.figures import draw_figures
    from .studies.results import claim_folder, describe_run, publish_folder, write_tables
    from .studies.run import N_EXAMPLES, run_study

    mpl.use("Agg")  # figures go to files: no screen is needed
    started = time.perf_counter()

    def say(line):
        if not options.quiet:
            tqdm.write(f"[{time.perf_counter() - started:5.0f} s] {line}")  # above the bars, not through them
            sys.stdout.flush()

    progress = not options.quiet and sys.stderr.isatty()
    study = get_study(options.preset).configured(
        explainers=None if options.explainers is None else tuple(options.explainers),
        scoring=None if options.scoring is None else tuple(options.scoring),
        epochs=options.epochs,
        n_test=options.n_test,
        seed=options.seed,
        verbose=int(progress),
    )
    partial = claim_folder(options.out, overwrite=options.overwrite)
    try:
        with progress_bars(progress):
            result = run_study(
                study,
                data=options.data,
                labels=options.labels,
                n_scenes=options.scenes,
                on_error=options.on_error,
                seed=options.seed,
                n_jobs=options.jobs,
                examples=N_EXAMPLES if options.html else 0,
                progress=progress,
                say=say,
            )
        settings = {name: value for name, value in vars(options).items() if name not in ("run", "command")}
        settings = {name: str(value) for name, value in settings.items() if value is not None}
        facts = describe_run(result, {"command": options.command, "settings": settings})
        write_tables(result, partial, facts)
        say("Drawing.")
        figures = draw_figures(result, partial / "figures", options.format, seed=options.seed)
        if options.html:
            say("Writing the page.")
            result.comparison.evidence.facts.update(facts)
            explained = "scenes" if options.data is None else options.data.resolve().name
            result.comparison.to_html(partial / "page.html", title=f"Explanations of {explained}")
        publish_folder(partial, options.out)
    except BaseException:  # also Ctrl-C: no half-written folder stays behind
        shutil.rmtree(partial, ignore_errors=True)
        raise
    print()
    print(result.comparison.to_text())
    print(f"\n{len(figures)} figures are in {options.out / 'figures'}; the table, all scores and the maps in {options.out}.")
    if options.html:
        print(f"To look and to listen, open {options.out / 'page.html'} in a browser.")


def _whole_number(text, least):
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if value < least:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least {least}; got {text!r}")
    return value


_positive, _natural = partial(_whole_number, least=1), partial(_whole_number, least=0)


def _show_warning(message, category, filename, lineno, file=None, line=None):
    print(f"skxai: note: {message}", file=sys.stderr)
