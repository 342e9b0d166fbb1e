"""The files that a job runs, found by following its imports."""

from functools import cache
from modulefinder import ModuleFinder
from pathlib import Path

from pipeline import ROOT

RUNNER = "code/job.py"


def sources(*scripts):
    """The scripts, the modules of `code/` that they import, however deep, and what runs them all,
    relative to the root.

    A rule lists them as input, so that an edit to any of them reruns it and nothing else.  The
    pipeline's own modules are left out: they decide what a job is given, and no job loads them.
    """
    imported = set().union(*map(_imported, (*scripts, RUNNER))) | {RUNNER}
    imported -= set(scripts)
    return [*scripts, *sorted(imported)]


class _Finder(ModuleFinder):
    """Looks for the imports of each piece of code once, though many scripts load it."""

    found = {}  # noqa: RUF012

    def scan_opcodes(self, code):
        place = code.co_filename, code.co_qualname, code.co_firstlineno
        if place not in self.found:
            self.found[place] = [*super().scan_opcodes(code)]
        return self.found[place]


@cache
def _imported(script):
    finder = _Finder(path=[str(ROOT / "code")], excludes=["pipeline"])
    finder.run_script(str(ROOT / script))
    files = [Path(module.__file__) for module in finder.modules.values() if module.__file__]
    # A module of a package is imported by name, which loads the package.
    package = (ROOT / script).with_name("__init__.py")
    return {str(file.relative_to(ROOT)) for file in [*files, package] if file.exists()}
