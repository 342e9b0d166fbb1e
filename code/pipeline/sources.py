"""The files that a job runs, found by following its imports."""

from functools import cache
from modulefinder import ModuleFinder
from pathlib import Path

from pipeline import ROOT


def sources(*scripts):
    """The scripts and the modules of `code/` that they import, however deep, relative to the root.

    A rule lists them as input, so that an edit to any of them reruns it and nothing else.  The
    pipeline's own modules are left out: they decide what a job is given, and no job loads them.
    """
    imported = set().union(*map(_imported, scripts)) - set(scripts)
    return [*scripts, *sorted(imported)]


@cache
def _imported(script):
    finder = ModuleFinder(path=[str(ROOT / "code")], excludes=["pipeline"])
    finder.run_script(str(ROOT / script))
    files = [Path(module.__file__) for module in finder.modules.values() if module.__file__]
    # A module of a package is imported by name, which loads the package.
    package = (ROOT / script).with_name("__init__.py")
    return {str(file.relative_to(ROOT)) for file in [*files, package] if file.exists()}
