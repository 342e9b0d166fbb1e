"""Same bytes twice, nothing lost: builds that are killed, disturbed or fed with damaged files."""

import filecmp
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from workflow import command, copy_project, listing, made, planned, snakemake, without_network


def differing(one, two):
    """The files of either build that are not the same bytes in the other."""
    names = sorted({*made(one), *made(two)})
    same, *_ = filecmp.cmpfiles(one, two, names, shallow=False)
    return sorted(set(names) - set(same))


@pytest.fixture(scope="module")
def killed_and_resumed(tmp_path_factory):
    """A toy build in another folder, at another time, on another number of cores, without network;
    killed on the way with all its jobs, and then simply started again."""
    folder = copy_project(tmp_path_factory.mktemp("elsewhere"))
    line = [*without_network(), *command(cores=3)]
    first = subprocess.Popen(line, cwd=folder, start_new_session=True, stderr=subprocess.PIPE)
    while not list(folder.glob("results/width/*.npz")):
        assert first.poll() is None, first.stderr.read()
        time.sleep(0.1)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    half = set(made(folder))
    second = subprocess.run(line, cwd=folder, capture_output=True, text=True)
    assert second.returncode == 0, second.stderr
    return folder, half, listing(folder)


@pytest.mark.slow
def test_a_killed_build_goes_on_where_it_stopped(killed_and_resumed):
    _, half, log = killed_and_resumed
    assert "results/dataset.npz" in half
    assert "report/main.pdf" not in half
    assert "rule make_dataset" not in log


@pytest.mark.slow
def test_two_builds_give_the_same_bytes(built, killed_and_resumed):
    folder, *_ = killed_and_resumed
    assert differing(built, folder) == []
    assert len(made(folder)) > 50


def test_a_different_byte_is_found(built, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(built, copy, ignore=shutil.ignore_patterns(".snakemake"))
    (copy / "results/width.csv").write_bytes(b"m\n")
    (copy / "report/main.pdf").unlink()
    assert differing(built, copy) == ["report/main.pdf", "results/width.csv"]


@pytest.mark.slow
def test_two_builds_at_once_do_not_mix(killed_and_resumed):
    folder, *_ = killed_and_resumed
    before = (folder / "results/dataset.npz").read_bytes()
    again = command("results/width.csv", "--forcerun", "make_dataset")
    first = subprocess.Popen(again, cwd=folder, stderr=subprocess.PIPE, text=True)
    while not list(folder.glob(".snakemake/locks/*")):
        assert first.poll() is None, first.stderr.read()
        time.sleep(0.05)
    second = snakemake(folder, "results/width.csv")
    assert second.returncode != 0
    assert "locked" in (second.stdout + second.stderr).lower()
    _, log = first.communicate()
    assert first.returncode == 0, log
    assert (folder / "results/dataset.npz").read_bytes() == before


def test_a_mistake_in_the_text_leaves_the_last_pdf(built):
    path, pdf = built / "report/sections/errata.tex", built / "report/main.pdf"
    original, before = path.read_text(encoding="utf-8"), pdf.read_bytes()
    try:
        path.write_text(original + r"\nosuchmacro", encoding="utf-8")
        run = snakemake(built)
        assert run.returncode != 0
        assert r"\nosuchmacro" in run.stderr
        assert pdf.read_bytes() == before
    finally:
        path.write_text(original, encoding="utf-8")
    assert snakemake(built).returncode == 0
    assert pdf.read_bytes() == before


def plot(folder, *arguments):
    """The figure loss_vs_bound in a finished build, written elsewhere."""
    # The toy build has fewer networks than config.yaml.
    runs = ["--runs", *sorted(folder.glob("results/seeds/*.npz"))]
    script = [sys.executable, "code/study.py", "figure", "loss_vs_bound", *runs, *arguments]
    return subprocess.run(script, cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize("keep", [0, 100, 10_000])
def test_a_truncated_result_is_named(built, tmp_path, keep):
    damaged = tmp_path / "training.npz"
    whole = (built / "results/training_full_batch.npz").read_bytes()
    damaged.write_bytes(whole[:keep])
    figure = tmp_path / "figure.pdf"
    figure.write_bytes(b"old")
    done = plot(built, "--full-batch", damaged, "--output", figure)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "training.npz" in done.stderr
    assert "delete it and build again" in done.stderr
    assert figure.read_bytes() == b"old"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda text: text.replace(text.splitlines()[1].split(",")[4], "nan"),
            "line 2: lambda_min",
        ),
        (
            lambda text: text.replace(text.splitlines()[1].split(",")[4], "x0.05"),
            "line 2: lambda_min is x0.05",
        ),
        (lambda text: text.splitlines()[0] + "\n", "has no rows"),
        (lambda text: text.splitlines()[0] + "\nH_infinity,50\n", "line 2: m is None"),
    ],
)
def test_a_damaged_table_is_named(built, tmp_path, damage, message):
    table = tmp_path / "eigenvalues.csv"
    table.write_text(damage((built / "results/eigenvalues.csv").read_text()))
    done = plot(built, "--lambda-zero", table, "--output", tmp_path / "figure.pdf")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "eigenvalues.csv" in done.stderr
    assert message in done.stderr


def test_a_full_disk_is_one_line_and_costs_nothing(built, tmp_path):
    disk = tmp_path / "small"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", disk], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting a small file system takes root")
    try:
        figure = disk / "figure.pdf"
        figure.write_bytes(b"old")
        done = plot(built, "--output", figure)
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1
        assert "No space left" in done.stderr
        assert [path.name for path in disk.iterdir()] == ["figure.pdf"]
        assert figure.read_bytes() == b"old"
    finally:
        subprocess.run(["umount", disk], check=True)


def test_the_reference_names_its_misses(built):
    run = snakemake(built, "verify")
    assert run.returncode != 0  # toy sizes give other numbers
    assert "not what reference.json allows" in run.stderr
    assert "another configuration, which differs in" in run.stderr
    table = built / "results/verification.csv"
    assert "lambda-zero" in table.read_text(encoding="utf-8")
    # It does not count as made.
    assert planned(built, "verify") == {"verify"}
    table.unlink()
