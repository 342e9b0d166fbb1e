"""What every script shares: one thread, one-line errors, a log."""

import argparse
import logging
import sys
import time
from pathlib import Path

from threadpoolctl import threadpool_limits
from tqdm import tqdm

# Seconds between two lines of progress in a log.
LOG_INTERVAL = 10
log = logging.getLogger("overparam")


def parser(description, formatter=argparse.ArgumentDefaultsHelpFormatter):
    """An argument parser with the options that every script has."""
    result = argparse.ArgumentParser(description=description, formatter_class=formatter)
    result.add_argument("--log", type=Path, help="file for progress and errors")
    return result


def option(parameter):
    """The option that sets a parameter of that name."""
    return f"--{parameter.replace('_', '-')}"


def run(main, arguments):
    """Call main(arguments) on one thread; exit 1 with one line on bad input.

    One thread, because the number of threads changes the last bits of every sum.
    """
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    try:
        _open_log(arguments.log)
        with threadpool_limits(limits=1):
            main(arguments)
    except KeyboardInterrupt:
        # Snakemake says so, in one line.
        sys.exit(130)
    except KeyError as error:
        _fail(f"an input has no entry {error}")
    except (MemoryError, RuntimeError) as error:
        # PyTorch has no MemoryError of its own: it "can't allocate", or "tried to" on a GPU.
        if isinstance(error, RuntimeError) and "allocate" not in str(error):
            raise
        reason = str(error).partition("\n")[0]
        _fail(f"the memory does not suffice ({reason}); smaller sizes in the config need less")
    except (ValueError, ArithmeticError, OSError) as error:
        _fail(error)


def _open_log(path):
    """Send the log to a file, or nowhere: what a user must see is printed by `_fail`."""
    log.setLevel(logging.INFO)
    # Where the disk is full, the error that counts is that of the result.
    logging.raiseExceptions = False
    log.propagate = False
    log.addHandler(logging.NullHandler())
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path, mode="w", encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        log.addHandler(handler)


def _fail(reason):
    message = f"{Path(sys.argv[0]).name}: {reason}"
    log.error(message)
    sys.exit(message)


def progress(iterable, total, unit="step"):
    """Yield from iterable, with a bar on a terminal and a sparse line in the log."""
    start = last = time.monotonic()
    bar = tqdm(iterable, total=total, unit=unit, disable=None, leave=False, desc=_script())
    for done, item in enumerate(bar):
        now = time.monotonic()
        if done and now - last >= LOG_INTERVAL:
            rate = done / (now - start)
            left = (total - done) / rate
            log.info("%d of %d %ss, %.0f a second, %.0f s left", done, total, unit, rate, left)
            last = now
        yield item
    log.info("%d %ss in %.1f s", total, unit, time.monotonic() - start)


def _script():
    return Path(sys.argv[0]).stem
