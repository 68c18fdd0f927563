"""Keeps a few processes of ours running until told to stop, and then stops them all."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

STOP_SECONDS_MAX = 15
RESTARTS_MAX = 5
RESTARTS_WINDOW_SECONDS = 60.0


@dataclass
class Child:
    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    ended_at: deque[float] = field(default_factory=lambda: deque(maxlen=RESTARTS_MAX))

    def start(self) -> None:
        # A group of its own: ctrl-C reaches only the supervisor, which then stops the children in order.
        self.process = subprocess.Popen(self.command, process_group=0)  # noqa: S603 - our own words, no shell

    def ends_too_often(self) -> bool:
        self.ended_at.append(time.monotonic())
        return len(self.ended_at) == RESTARTS_MAX and self.ended_at[-1] - self.ended_at[0] < RESTARTS_WINDOW_SECONDS


def run(
    commands: Mapping[str, Sequence[str]],
    say: Callable[[str], None],
    *,
    ready: Callable[[], None] = lambda: None,
    last: Collection[str] = (),
) -> int:
    """Run `commands` until SIGINT or SIGTERM: then 0. A child that ends is started again; one that keeps ending stops
    everything: then 1. The `last` ones are stopped when the others have ended.
    """
    stopping = threading.Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    before = {number: signal.signal(number, ask_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
    children = [Child(name, command) for name, command in commands.items()]
    try:
        for child in children:
            child.start()
        ready()
        while not stopping.wait(0.5):
            for child in children:
                if child.process is None or child.process.poll() is None:
                    continue
                if child.ends_too_often():
                    say(f"{child.name} ended {RESTARTS_MAX} times within a minute: stopping.")
                    return 1
                say(f"{child.name} ended with exit code {child.process.returncode}: starting it again.")
                child.start()
        return 0
    finally:
        _stop([child for child in children if child.name not in last])
        _stop([child for child in children if child.name in last])
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(children: Sequence[Child]) -> None:
    for child in children:
        if child.process is not None and child.process.poll() is None:
            child.process.terminate()
    deadline = time.monotonic() + STOP_SECONDS_MAX
    for child in children:
        if child.process is None:
            continue
        try:
            child.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
        with suppress(ProcessLookupError):  # whoever the child left behind would hold its port
            os.killpg(child.process.pid, signal.SIGKILL)


def python(module: str, *words: str) -> list[str]:
    """The command line that runs one of our modules with this very Python."""
    return [sys.executable, "-m", module, *words]
