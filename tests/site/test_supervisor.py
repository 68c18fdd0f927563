"""The supervisor is watched from outside, as an operator would see it."""

import os
import signal
import subprocess
import sys
import time

SLEEPER = "import time; time.sleep(60)"
FORKS = """
import os, signal, time
if not os.fork():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
time.sleep(600)
"""
ENDER = "raise SystemExit(3)"
SAYS_WHEN_TOLD = """
import os, signal, sys, time
def end(*_):
    time.sleep({wait})
    os.write(1, b"{name}\\n")  # in one piece, beside others who write to the same pipe
    sys.exit()
signal.signal(signal.SIGTERM, end)
os.write(1, b"begun\\n")
time.sleep(60)
"""


def supervise(last: tuple[str, ...] = (), **children: str) -> subprocess.Popen[str]:
    commands = {name: [sys.executable, "-c", code] for name, code in children.items()}
    code = f"""
import os, sys
from bihuan.site import supervisor
def say(line):
    os.write(1, (line + "\\n").encode())
sys.exit(supervisor.run({commands!r}, say, ready=lambda: say('ready'), last={last!r}))
"""
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, process_group=0)


def children_of(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as listed:
        return [int(word) for word in listed.read().split()]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def is_zombie(pid: int) -> bool:
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0] == "Z"


class TestRun:
    def test_stops_every_child_on_ctrl_c_and_says_that_all_is_well(self):
        process = supervise(web=SLEEPER, worker=SLEEPER)
        assert process.stdout.readline() == "ready\n"
        children = children_of(process.pid)
        assert len(children) == 2
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=120)
        assert process.returncode == 0
        assert not any(alive(child) for child in children)

    def test_leaves_nobody_behind_whom_a_child_left_behind(self):
        process = supervise(web=FORKS)
        assert process.stdout.readline() == "ready\n"
        [child] = children_of(process.pid)
        while not (left := children_of(child)):
            time.sleep(0.05)
        time.sleep(1)
        process.terminate()
        process.communicate(timeout=120)
        assert process.returncode == 0
        assert not any(alive(pid) and not is_zombie(pid) for pid in left)

    def test_starts_a_child_again_that_ended(self):
        process = supervise(web=SLEEPER, worker=SLEEPER)
        assert process.stdout.readline() == "ready\n"
        first, second = children_of(process.pid)
        os.kill(second, signal.SIGKILL)
        assert "worker ended with exit code -9: starting it again." in process.stdout.readline()
        deadline = time.monotonic() + 60
        while len(now := children_of(process.pid)) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert first in now
        assert second not in now
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)
        assert process.returncode == 0

    def test_gives_up_on_a_child_that_keeps_ending_and_leaves_none_behind(self):
        process = supervise(web=SLEEPER, worker=ENDER)
        assert process.stdout.readline() == "ready\n"
        web = children_of(process.pid)[0]
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 1
        assert said.endswith("worker ended 5 times within a minute: stopping.\n")
        assert not alive(web)

    def test_stops_the_last_when_the_others_have_ended(self):
        slow, quick = (SAYS_WHEN_TOLD.format(name=name, wait=wait) for name, wait in (("web", 1), ("backup", 0)))
        process = supervise(last=("backup",), backup=quick, web=slow)
        assert sorted(process.stdout.readline() for _ in range(3)) == ["begun\n", "begun\n", "ready\n"]
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=120)
        assert said == "web\nbackup\n"
