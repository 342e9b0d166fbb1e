"""A job in its clean room: what reaches it, and the record that it leaves."""

import json
import os
import py_compile
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from workflow import ROOT

import records


@pytest.fixture
def project(tmp_path):
    """A folder with the runner, one source that the script imports, and one input."""
    (tmp_path / "code").mkdir()
    for name in ("job.py", "records.py"):
        shutil.copy(ROOT / "code" / name, tmp_path / "code")
    (tmp_path / "code/source.py").write_text("answer = 1\n")
    (tmp_path / "input.txt").write_text("in")
    (tmp_path / "out.txt").write_text("old")
    return tmp_path


READS = ["code/script.py", "code/source.py", "input.txt"]
WRITE = "open('out.txt', 'w').write(str(source.answer))\n"


def line(project, script):
    """The command of a job whose script is this text."""
    (project / "code/script.py").write_text(f"import os, sys, time, source\n{script}")
    lists = ["--made", "out.txt", "--reads", *READS]
    return [sys.executable, "-I", "code/job.py", *lists, "--", "code/script.py", "--log", "a.log"]


def run(project, script, **environment):
    return subprocess.run(
        line(project, script),
        cwd=project,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )


def test_the_record_says_what_the_result_was_made_from(project):
    done = run(project, f"import numpy\n{WRITE}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    record = json.loads((project / ".out.txt.made").read_text())
    assert record["command"][:2] == ["--made", "out.txt"]
    assert record["command"][-3:] == ["code/script.py", "--log", "a.log"]
    assert record["reads"] == {path: records.digest(project / path) for path in READS}
    assert record["digest"] == records.digest(project / "out.txt")
    assert set(record["versions"]) == {"Python", "numpy"}
    assert set(record["kernels"]) == {"OpenBLAS"}


def check_failure(project, script, message, **environment):
    """One line, also in the log; the earlier result stays, but has no record."""
    assert run(project, WRITE).returncode == 0
    done = run(project, script, **environment)
    assert done.returncode == 1
    assert done.stderr == f"script.py: {message}\n"
    assert done.stderr in (project / "a.log").read_text()
    assert (project / "out.txt").exists()
    assert not (project / ".out.txt.made").exists()


@pytest.mark.parametrize("script", ["pass", "open('out.txt').read()", "sys.exit(0)"])
def test_a_job_that_wrote_nothing_fails(project, script):
    check_failure(project, script, "out.txt was not written")


def test_a_job_whose_result_is_gone_fails(project):
    assert run(project, "os.remove('out.txt')").stderr == "script.py: out.txt was not written\n"


EDIT = "open('code/source.py', 'a').write('#')\n"
UNDONE = """old = os.stat('code/source.py')
text = open('code/source.py').read()
open('code/source.py', 'w').write('answer = 2')
time.sleep(0.05)
open('code/source.py', 'w').write(text)
os.utime('code/source.py', ns=(old.st_atime_ns, old.st_mtime_ns))
"""
MOVED = "os.rename('code/source.py', 'x'); os.rename('x', 'code/source.py')\n"


@pytest.mark.parametrize("edit", [EDIT, UNDONE, MOVED])
def test_an_edit_while_the_job_runs_is_noticed_even_if_undone(project, edit):
    message = "code/source.py was written while the job ran; build again"
    check_failure(project, edit + WRITE, message)


def test_an_input_that_is_not_what_its_job_wrote_is_refused(project):
    records.write(project / "input.txt", dict.fromkeys(records.FIELDS))
    (project / "input.txt").write_text("in another way")
    done = run(project, WRITE)
    assert done.returncode == 1
    assert done.stderr.startswith("script.py: input.txt is not what its job wrote")
    assert (project / "out.txt").read_text() == "old"


def test_a_missing_input_is_one_line(project):
    (project / "input.txt").unlink()
    assert run(project, WRITE).stderr.endswith("No such file or directory: 'input.txt'\n")


def test_cached_bytecode_of_the_same_size_and_date_is_not_run(project):
    source = project / "code/source.py"
    date = source.stat().st_mtime_ns
    source.write_text("answer = 2\n")
    os.utime(source, ns=(date, date))
    py_compile.compile(str(source))
    source.write_text("answer = 1\n")
    os.utime(source, ns=(date, date))
    check = [sys.executable, "-c", "import source; print(source.answer)"]
    stale = subprocess.run(check, cwd=project / "code", capture_output=True, text=True)
    assert stale.stdout == "2\n"  # what Python itself would do
    assert run(project, WRITE).returncode == 0
    assert (project / "out.txt").read_text() == "1"


FOREIGN = ("PYTHONPATH", "PYTHONSTARTUP", "MPLCONFIGDIR", "MATPLOTLIBRC", "TEXINPUTS", "BIBINPUTS")
FOREIGN += (
    "GIT_DIR",
    "OPENBLAS_L2_SIZE",
    "NPY_DISABLE_CPU_FEATURES",
    "LD_PRELOAD",
    "SNAKEMAKE_PROFILE",
)
SEEN = """import json
seen = {'environment': dict(os.environ), 'path': sys.path, 'home': os.path.expanduser('~')}
json.dump(seen, open('out.txt', 'w'))
"""


def test_nothing_of_the_user_reaches_a_job(project, tmp_path_factory):
    theirs = tmp_path_factory.mktemp("theirs")
    (theirs / "sitecustomize.py").write_text("raise SystemExit('theirs')")
    (theirs / "source.py").write_text("raise SystemExit('theirs')")
    names = dict.fromkeys(FOREIGN[1:-2], "x") | {"PYTHONPATH": str(theirs), "HOME": str(theirs)}
    chosen = {"OPENBLAS_CORETYPE": "Haswell", "CUDA_VISIBLE_DEVICES": "1"}
    done = run(project, SEEN, **chosen, **names)
    assert done.returncode == 0, done.stderr
    seen = json.loads((project / "out.txt").read_text())
    assert not {*FOREIGN} & {*seen["environment"]}
    assert chosen.items() <= seen["environment"].items()
    assert seen["environment"]["OMP_NUM_THREADS"] == "1"
    assert seen["path"][0] == str(project / "code")
    assert str(theirs) not in seen["path"]
    assert seen["home"] == str(project / ".snakemake/home")
    assert seen["environment"]["XDG_CACHE_HOME"] == str(theirs / ".cache")


def test_a_user_without_an_entry_and_a_home_has_a_name(project):
    script = f"import getpass\ngetpass.getuser()\nopen(os.path.expanduser('~/x'), 'w')\n{WRITE}"
    environment = {
        name: value for name, value in os.environ.items() if name not in ("HOME", "USER")
    }
    done = subprocess.run(
        line(project, script), cwd=project, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_a_job_that_the_kernel_kills_names_the_memory(project):
    message = "killed (signal 9), as where the memory does not suffice"
    check_failure(project, "os.kill(os.getpid(), 9)", message)


@pytest.mark.parametrize(
    ("end", "how"), [("os._exit(0)", "exit"), ("os.kill(os.getpid(), 15)", "Terminated")]
)
def test_a_job_that_ends_before_its_end_is_not_recorded(project, end, how):
    check_failure(project, f"{WRITE}{end}", f"ended before its end ({how})")


def test_an_error_of_the_script_is_its_own_line(project):
    done = run(project, "sys.exit('script.py: wrong')")
    assert (done.returncode, done.stderr) == (1, "script.py: wrong\n")
    assert run(project, "sys.exit(3)").returncode == 3


def test_other_kernels_are_named_in_the_record(project):
    found = set()
    for kernel in ("Haswell", "Sandybridge"):
        assert run(project, f"import numpy\n{WRITE}", OPENBLAS_CORETYPE=kernel).returncode == 0
        found.add(records.read(project / "out.txt")["kernels"]["OpenBLAS"])
    assert found == {"Haswell", "Sandybridge"}


def alive(process):
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels do not end orphans")
@pytest.mark.parametrize("shell", [False, True], ids=["runner", "its parent"])
def test_a_job_ends_with_what_started_it(project, shell):
    script = "open('pid', 'w').write(str(os.getpid()))\ntime.sleep(600)\n"
    command = line(project, script)
    if shell:
        # As Snakemake starts its jobs.
        through = ["bash", "-c", f"set -e; exec {shlex.join(command)}"]
        command = [sys.executable, "-c", f"import subprocess; subprocess.run({through})"]
    with subprocess.Popen(command, cwd=project) as parent:
        while not (project / "pid").exists() or not (project / "pid").read_text():
            time.sleep(0.05)
        parent.send_signal(signal.SIGKILL)
    job, end = int((project / "pid").read_text()), time.monotonic() + 10
    while alive(job) and time.monotonic() < end:
        time.sleep(0.05)
    assert not alive(job)
