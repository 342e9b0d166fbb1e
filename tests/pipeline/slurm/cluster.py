"""A Slurm cluster of one node on this machine, for as long as a `with` block lasts.

Needs root and Debian's packages slurm-wlm and munge.  The daemons run in the foreground as children
of this process, so that each is stopped by its own process id; all their files are in one temporary
folder except /etc/slurm/slurm.conf, which Slurm's clients read and which is put back afterwards.
Alone: `python tests/pipeline/slurm/cluster.py COMMAND ...` runs a command while the cluster is up.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

CONFIG = Path("/etc/slurm/slurm.conf")
BACKUP = CONFIG.with_name("slurm.conf.before-tests")
MARK = "# Written by tests/pipeline/slurm/cluster.py"
PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol", "scancel"]
PATIENCE = 30  # seconds for a daemon to answer or to end
# Jobs are accounted every second and ended when they exceed their memory; more processors are
# declared than there may be, so that the test's jobs need not wait for each other.
SLURM_CONF = """{mark}
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=batch_sched_delay=0,sched_interval=2
MinJobAge=300
KillWait=2
ReturnToService=2
SlurmdParameters=config_overrides
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
NodeName={host} NodeAddr=127.0.0.1 CPUs=8 RealMemory=16000 State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing():
    """Why no cluster can be started here, in one line, or None."""
    if os.geteuid() != 0:
        return "Slurm's daemons need root"
    if absent := [name for name in PROGRAMS if not shutil.which(name)]:
        return f"not installed: {', '.join(absent)} (apt-get install slurm-wlm munge)"
    if find_spec("snakemake_executor_plugin_slurm") is None:
        return "snakemake-executor-plugin-slurm is not installed (requirements-slurm.txt)"
    if subprocess.run(["scontrol", "ping"], capture_output=True).returncode == 0:
        return "a Slurm cluster answers on this machine already"
    return None


@contextlib.contextmanager
def slurm_conf(text):
    """/etc/slurm/slurm.conf holds the text; the file that was there before comes back."""
    CONFIG.parent.mkdir(parents=True, exist_ok=True)
    # A test that was killed has left its own file, and perhaps a backup of the true one.
    if CONFIG.exists() and MARK not in CONFIG.read_text(encoding="utf-8", errors="replace"):
        CONFIG.rename(BACKUP)
    try:
        CONFIG.write_text(text, encoding="utf-8")
        yield
    finally:
        CONFIG.unlink(missing_ok=True)
        if BACKUP.exists():
            BACKUP.rename(CONFIG)


def wait_for(answer, what, patience=PATIENCE):
    """The first true value that answer() returns."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if value := answer():
            return value
        time.sleep(0.1)
    raise TimeoutError(f"{what}: none within {patience} s")


def output_of(*command):
    """What the command prints, empty where it fails."""
    run = subprocess.run(command, capture_output=True, text=True)
    return run.stdout if run.returncode == 0 else ""


@contextlib.contextmanager
def daemon(log, *command):
    """The command runs in the foreground as a child; it is terminated and waited for."""
    with open(log, "w") as file:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def munged(folder):
    """The authentication daemon, with a key and a socket of its own."""
    (folder / "key").write_bytes(os.urandom(1024))
    (folder / "key").chmod(0o400)
    files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "seed-file": "seed"}
    options = [f"--{option}={folder / name}" for option, name in files.items()]
    options += [f"--log-file={folder / 'log'}"]
    return daemon(folder / "stderr", shutil.which("munged"), "--foreground", "--force", *options)


def end_jobs():
    """Cancel every job and wait until none is left, as job processes outlive the daemons."""
    subprocess.run(["scancel", "--full", "--user=root"], check=False)
    wait_for(lambda: not output_of("squeue", "--noheader").strip(), "an empty queue")


@contextlib.contextmanager
def cluster():
    """A cluster that accepts jobs; yields the folder of its logs."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="slurm-")))
        folder.chmod(0o755)
        for name in ("munge", "state", "spool"):
            (folder / name).mkdir()
        host = socket.gethostname().partition(".")[0]
        stack.enter_context(slurm_conf(SLURM_CONF.format(mark=MARK, host=host, folder=folder)))
        stack.enter_context(munged(folder / "munge"))
        wait_for((folder / "munge/socket").exists, "munged's socket")
        stack.enter_context(daemon(folder / "slurmctld.log", shutil.which("slurmctld"), "-D"))
        wait_for(lambda: output_of("scontrol", "ping"), "an answer of slurmctld")
        stack.enter_context(daemon(folder / "slurmd.log", shutil.which("slurmd"), "-D"))
        wait_for(lambda: "idle" in output_of("sinfo", "--noheader", "--format=%T"), "an idle node")
        stack.callback(end_jobs)
        yield folder


if __name__ == "__main__":
    if reason := missing():
        sys.exit(f"cluster.py: {reason}")
    with cluster():
        sys.exit(subprocess.run(sys.argv[1:]).returncode)
