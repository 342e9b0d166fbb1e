"""Python imports this at every start of the environment that `tracing` makes: a job's opened files.

The first line of a record is the command line, each other one a file that was read or written.
"""

import json
import os
import sys
import time


def _install(folder):
    record = os.path.join(folder, f"{os.getpid()}-{time.time_ns()}")
    descriptor = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(*fields):
        os.write(descriptor, (json.dumps(fields) + "\n").encode())

    def hook(event, arguments):
        if event == "open" and isinstance(arguments[0], (str, bytes, os.PathLike)):
            path, _, flags = arguments
            wrote = flags & (os.O_WRONLY | os.O_RDWR)
            note("write" if wrote else "read", os.path.abspath(os.fsdecode(path)))
        elif event == "os.rename":
            note("rename", *(os.path.abspath(os.fsdecode(path)) for path in arguments[:2]))

    note(*sys.orig_argv)
    sys.addaudithook(hook)
