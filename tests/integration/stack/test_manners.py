"""The manners of `python -m deploy.local`: detach, a second up, stop, a killed run, a port in use, reset."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from deploy.local.ledger import Ledger
from deploy.local.part import HOST
from deploy.local.settings import Ports
from tests.support.stack import state_folder
from tests.support.wait import eventually

pytestmark = pytest.mark.integration
DATA_PARTS = {"kafka", "postgres", "valkey", "mail"}


class Command:
    """The command line on a state folder and ports of its own; without the network, and with the data parts alone."""

    def __init__(self, root: Path) -> None:
        self.root, self.ports = root, Ports.free()
        moved = {f"KC_LOCAL_PORT_{name.upper()}": str(port) for name, port in self.ports.model_dump().items()}
        no_network = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
        self.environment = os.environ | moved | no_network | {"KC_LOCAL_ROOT": str(root), "KC_LOCAL_SERVICES": ""}

    def __call__(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "deploy.local", *arguments],
            env=self.environment | environment, capture_output=True, text=True, timeout=110, check=False,
        )  # fmt: skip

    def foreground(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "up"], env=self.environment, stdout=subprocess.PIPE, text=True
        )

    def processes(self) -> dict[str, psutil.Process]:
        return Ledger(self.root).running()


@pytest.fixture(scope="module")
def command(parts):
    parts.mail  # noqa: B018 - the shared parts have fetched what a first start fetches
    with state_folder() as root:
        made = Command(root)
        yield made
        made("reset")


def test_detach_returns_when_everything_is_ready(command: Command):
    done = command("up", "--detach")
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(f"✓ {name}" in done.stdout for name in DATA_PARTS)
    info = json.loads((command.root / "stack.json").read_text())
    assert info["redis"] == f"redis://{HOST}:{command.ports.redis}/0"


def test_a_second_up_says_that_it_is_running(command: Command):
    assert "already running" in command("up", "--detach").stdout
    again = command("up")
    assert again.returncode == 1
    assert "already running; `make stop` stops it" in again.stderr


def test_status_shows_memory_per_part(command: Command):
    rows = {row["part"]: row for row in json.loads(command("status", "--json").stdout)}
    assert {name for name, row in rows.items() if row["state"] == "ready"} == DATA_PARTS
    assert rows["kafka"]["rss_mb"] > 50
    assert sum(row["pss_mb"] for row in rows.values()) < 600
    assert "shared once MB" in command("status").stdout


async def test_a_part_that_falls_starts_again_by_itself(command: Command):
    before = command.processes()["valkey"]
    before.kill()
    after = await eventually(lambda: (now := command.processes().get("valkey")) and now.pid != before.pid and now)
    assert after
    await eventually(lambda: "valkey answers again" in (command.root / "start.log").read_text())


async def test_leftovers_of_a_killed_run_are_ended_and_the_stack_comes_up(command: Command):
    left = command.processes()
    supervisor = left.pop("supervisor")
    supervisor.kill()
    await eventually(lambda: not supervisor.is_running() or supervisor.status() == psutil.STATUS_ZOMBIE)
    assert all(process.is_running() for process in left.values())
    done = command("up", "--detach")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "what a run that was killed left behind" in done.stdout
    assert not any(process.is_running() for process in left.values())


def test_stop_leaves_nothing_and_says_so(command: Command):
    processes = command.processes()
    assert "The stack has stopped." in command("stop").stdout
    assert not any(process.is_running() for process in processes.values())
    assert not (command.root / "stack.json").exists()
    assert "not running" in command("stop").stdout


def test_a_port_in_use_is_named_and_nothing_is_started(command: Command):
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        refused = command("up", "--detach", KC_LOCAL_PORT_CASEWORK=str(port))
    assert refused.returncode == 1
    assert f"casework: port {port} is used by" in refused.stderr
    assert "KC_LOCAL_PORT_CASEWORK=" in refused.stderr
    assert not (command.root / "processes.json").exists()


async def test_ctrl_c_stops_everything_and_the_data_survives(command: Command):
    running = command.foreground()
    await eventually((command.root / "stack.json").exists, timeout=100)
    processes = command.processes()
    running.send_signal(signal.SIGINT)
    output, _ = running.communicate(timeout=30)
    assert running.returncode == 0
    assert "Stopped." in output
    assert not any(process.is_running() for name, process in processes.items() if name != "supervisor")
    assert (command.root / "kafka" / "log" / "meta.properties").exists()


def test_reset_empties_the_state_of_a_stack_and_nothing_else(command: Command, tmp_path):
    assert "is empty" in command("reset").stdout
    assert not command.root.exists()
    precious = tmp_path / "precious"
    precious.write_text("mine")
    assert command("reset", KC_LOCAL_ROOT=str(tmp_path)).returncode == 1
    assert precious.exists()
