"""Files are whole or absent, name what is damaged, and keep every digit."""

import os
import subprocess
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

import files
import records


@pytest.fixture
def old_file(tmp_path):
    path = tmp_path / "result.npz"
    path.write_text("old")
    return path


def test_replacing_replaces_when_the_block_ends(old_file):
    with files.replacing(old_file) as temporary:
        temporary.write_text("new")
        assert old_file.read_text() == "old"
    assert old_file.read_text() == "new"
    assert list(old_file.parent.iterdir()) == [old_file]


def fail_halfway(path):
    with files.replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError("interrupted")


def test_replacing_keeps_the_old_file_when_the_block_raises(old_file):
    with pytest.raises(RuntimeError, match="interrupted"):
        fail_halfway(old_file)
    assert old_file.read_text() == "old"
    assert list(old_file.parent.iterdir()) == [old_file]


def test_replacing_makes_nothing_when_the_block_raises(tmp_path):
    with pytest.raises(RuntimeError, match="interrupted"):
        fail_halfway(tmp_path / "result.npz")
    assert list(tmp_path.iterdir()) == []


def test_replacing_removes_what_a_killed_job_left_of_this_file(old_file):
    gone = subprocess.Popen(["true"])
    gone.wait()
    left = old_file.with_name(f".result.npz.{gone.pid}.npz")
    alive = f".result.npz.{os.getppid()}.npz"
    names = (alive, ".result.npz.txt", f".my_result.npz.{gone.pid}.npz", ".result.npz.1.csv.7.csv")
    others = [old_file.with_name(name) for name in names]
    for path in (left, *others):
        path.touch()
    with files.replacing(old_file) as temporary:
        assert not left.exists()
        temporary.touch()
    assert set(old_file.parent.iterdir()) == {old_file, *others}


def test_replacing_makes_the_folder(tmp_path):
    files.write_text(tmp_path / "a" / "b" / "σ.tex", "∞\n")
    assert (tmp_path / "a" / "b" / "σ.tex").read_bytes() == "∞\n".encode()


def test_temporary_is_renamed_within_its_folder(old_file):
    with files.replacing(old_file) as temporary:
        assert temporary.parent == old_file.parent
        assert temporary.suffix == old_file.suffix
        temporary.touch()


def test_same_arrays_give_the_same_bytes_at_another_time(tmp_path, monkeypatch):
    arrays = {"x": np.arange(5) / 7, "label": np.arange(3)}
    files.write_npz(tmp_path / "one.npz", **arrays)
    later = time.time() + 1e6
    monkeypatch.setattr(time, "time", lambda: later)
    files.write_npz(tmp_path / "two.npz", **arrays)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_npz_keeps_a_path_without_suffix(tmp_path):
    files.write_npz(tmp_path / "result", x=np.arange(3))
    assert [path.name for path in tmp_path.iterdir()] == ["result"]


def test_npz_round_trip(tmp_path):
    arrays = {"x": np.array([[0.1, -0.0, 1e-310]]), "n": np.array(500), "eta": np.array(1 / 3)}
    files.write_npz(tmp_path / "a.npz", **arrays)
    back = files.read_npz(tmp_path / "a.npz")
    assert back.keys() == arrays.keys()
    for name, array in arrays.items():
        assert (back[name].dtype, back[name].shape) == (array.dtype, array.shape)
        assert back[name].tobytes() == array.tobytes()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_arrays_that_are_not_finite_are_named(tmp_path, value):
    arrays = {"good": np.ones(2), "loss": np.array([1, value])}
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(ValueError, match=r"a\.npz is damaged \(loss is not finite\)"):
        files.read_npz(tmp_path / "a.npz")
    (tmp_path / "a.npz").write_bytes(b"old")
    with pytest.raises(ValueError, match=rf"a\.npz is not written: loss would be {value}"):
        files.write_npz(tmp_path / "a.npz", **arrays)
    with pytest.raises(ValueError, match=rf"a\.npz is not written: loss would be {value}"):
        files.write_csv(tmp_path / "a.npz", [{"m": "", "loss": 1.0}, {"m": 3, "loss": value}])
    assert (tmp_path / "a.npz").read_bytes() == b"old"


def test_pickles_are_refused(tmp_path):
    np.savez(tmp_path / "pickle.npz", a=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        files.read_npz(tmp_path / "pickle.npz")


@given(st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.integers())
def test_csv_keeps_all_digits(tmp_path_factory, value, numpy_scalar, whole):
    path = tmp_path_factory.getbasetemp() / "table.csv"
    files.write_csv(path, [{"x": np.float64(value) if numpy_scalar else value, "n": whole}])
    (row,) = files.read_csv(path)
    assert row["x"].hex() == value.hex()
    assert row["n"] == whole
    assert type(row["n"]) is int


def test_csv_cells_are_numbers_or_words(tmp_path):
    (tmp_path / "t.csv").write_text("a,b,seed,holds\n-3,4e-2,,yes\n")
    (row,) = files.read_csv(tmp_path / "t.csv")
    assert row == {"a": -3, "b": 0.04, "seed": "", "holds": "yes"}


@pytest.mark.parametrize("cell", ["x0.05", "", "1_0", "nan", "-inf", "0,05"])
def test_a_damaged_cell_is_named(tmp_path, cell):
    (tmp_path / "t.csv").write_text(f'holds,loss\nyes,1.0\nno,"{cell}"\n')
    with pytest.raises(ValueError, match=r"t\.csv, line 3: loss is "):
        files.read_csv(tmp_path / "t.csv")


def mutations(content, count, seed):
    """Damaged copies: bytes changed, removed, repeated, cut off or moved."""
    generator = np.random.default_rng(seed)
    for _ in range(count):
        damaged = bytearray(content)
        start, stop = sorted(generator.integers(len(damaged), size=2))
        stop = min(stop, start + generator.integers(1, 40))
        match generator.integers(6):
            case 0:
                damaged[start] ^= 1 << generator.integers(8)
            case 1:
                damaged[start:stop] = generator.bytes(stop - start)
            case 2:
                del damaged[start:stop]
            case 3:
                damaged[start:start] = damaged[start:stop]
            case 4:
                del damaged[start:]
            case 5:
                damaged[start:stop] = bytes(stop - start)
        yield bytes(damaged)


def check_damage(path, reader, content, count, same):
    """Each damaged copy is refused in one line that names the file, or holds what was written."""
    refused = 0
    for seed in range(2):
        for damaged in mutations(content, count // 2, seed):
            path.write_bytes(damaged)
            try:
                found, message = reader(path), None
            except (ValueError, OSError) as error:
                found, message = None, str(error)
            if message:
                assert str(path) in message
                assert len(message.splitlines()) == 1
                refused += 1
            else:
                assert same(found), damaged
    assert refused > count / 4


def test_every_damage_of_an_npz_is_named_or_changes_nothing(tmp_path):
    arrays = {"loss": np.arange(5) / 7, "seed": np.array(3), "single": np.ones((2, 3), np.float32)}
    path = tmp_path / "damaged.npz"
    files.write_npz(path, **arrays)

    def same(found):
        return found.keys() == arrays.keys() and all(
            (found[name] == array).all() and found[name].dtype == array.dtype
            for name, array in arrays.items()
        )

    check_damage(path, files.read_npz, path.read_bytes(), 3000, same)


ROWS = [{"m": m, "seed": "", "matrix": "H_0", "loss": 0.5 / m} for m in (1, 10, 250)]


def test_every_damage_of_a_csv_is_named_or_leaves_numbers_and_words(tmp_path):
    """A digit for another is noticed by the record alone, where there is one."""
    path = tmp_path / "damaged.csv"
    files.write_csv(path, ROWS)
    content = path.read_bytes()
    values = (int, float, str)
    check_damage(
        path,
        files.read_csv,
        content,
        3000,
        lambda rows: all(isinstance(value, values) for row in rows for value in row.values()),
    )
    path.write_bytes(content)
    records.write(path, {name: kind() for name, kind in records.FIELDS.items()})
    check_damage(path, files.read_csv, content, 500, lambda rows: rows == ROWS)


@pytest.mark.parametrize("suffix", ["csv", "npz"])
def test_an_entry_that_is_missing_is_named_with_its_file(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    files.write_npz(tmp_path / "a.npz", x=np.ones(1))
    files.write_csv(tmp_path / "a.csv", [{"x": 1}])
    found = files.read_npz(path) if suffix == "npz" else files.read_csv(path)[0]
    assert found.get("y") is None
    with pytest.raises(ValueError, match=rf"a\.{suffix} has no y; delete it"):
        found["y"]


def test_two_columns_of_one_name_are_refused(tmp_path):
    (tmp_path / "a.csv").write_text("x,x\n1,2\n")
    with pytest.raises(ValueError, match="two columns of one name"):
        files.read_csv(tmp_path / "a.csv")


def test_scratch_is_empty_and_gone_afterwards_and_those_of_killed_jobs_too(tmp_path):
    gone = subprocess.Popen(["true"])
    gone.wait()
    left = tmp_path / f".build.{gone.pid}"
    (left / "report").mkdir(parents=True)
    with files.scratch(tmp_path / "build") as folder:
        assert list(tmp_path.iterdir()) == [folder]
        (folder / "a").touch()
    assert list(tmp_path.iterdir()) == []


def test_csv_has_a_header_and_unix_lines(tmp_path):
    files.write_csv(tmp_path / "t.csv", [{"a": 1, "b": "x"}, {"a": 2, "b": ""}])
    assert (tmp_path / "t.csv").read_bytes() == b"a,b\n1,x\n2,\n"


def test_csv_with_an_unknown_column_is_refused_and_not_written(tmp_path):
    with pytest.raises(ValueError, match="b"):
        files.write_csv(tmp_path / "t.csv", [{"a": 1}, {"a": 1, "b": 2}])
    assert list(tmp_path.iterdir()) == []


def test_figures_have_no_date_and_the_same_bytes(tmp_path):
    figure = Figure()
    figure.subplots().plot([1, 2])
    for name in ("one.pdf", "two.pdf"):
        files.save_figure(tmp_path / name, figure)
    content = (tmp_path / "one.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert b"CreationDate" not in content
    assert content == (tmp_path / "two.pdf").read_bytes()
