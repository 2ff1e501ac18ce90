"""What a start finds: leftovers are known by pid and birth, ports in use are named."""

import json
import os
import socket
import subprocess
import sys

import psutil
import pytest

from deploy.local.ledger import SUPERVISOR, Ledger
from deploy.local.part import HOST, StackError, free_ports, taken
from deploy.local.recover import check_ports, clear_leftovers
from deploy.local.valkey import Valkey


@pytest.fixture
def sleeper():
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def book(tmp_path) -> Ledger:
    return Ledger(tmp_path)


def test_one_supervisor_at_a_time(book, tmp_path):
    assert book.claim()
    assert not Ledger(tmp_path).claim()
    book.release()
    assert Ledger(tmp_path).claim()


def test_a_noted_process_is_ended(book, sleeper):
    book.write("kafka", sleeper.pid)
    said: list[str] = []
    clear_leftovers(book, said.append)
    assert not psutil.pid_exists(sleeper.pid)
    assert f"kafka ({sleeper.pid})" in said[0]
    assert not book.running()


def test_a_stranger_with_the_same_pid_is_left_alone(book, sleeper):
    book.file.write_text(json.dumps({"kafka": [sleeper.pid, 1.0]}))
    clear_leftovers(book, pytest.fail)
    assert sleeper.poll() is None


def test_a_torn_ledger_is_nobody(book):
    book.file.write_text('{"kafka": [12')
    clear_leftovers(book, pytest.fail)


def test_the_supervisor_is_no_leftover_of_itself(book):
    book.write(SUPERVISOR, os.getpid())
    clear_leftovers(book, pytest.fail)


def test_a_process_that_has_ended_is_forgotten(book, sleeper):
    book.write("kafka", sleeper.pid)
    sleeper.kill()
    sleeper.wait()
    assert book.running() == {}


def test_a_port_in_use_is_named_with_its_user_and_the_setting_that_moves_ours(tmp_path):
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        assert taken(port)
        with pytest.raises(StackError) as refused:
            check_ports([Valkey(port, tmp_path)])
    assert f"valkey: port {port} is used" in str(refused.value)
    assert f"(process {os.getpid()})" in str(refused.value)
    assert "move it with KC_LOCAL_PORT_REDIS=" in str(refused.value)


def test_free_ports_are_no_reason_to_stop(tmp_path):
    check_ports([Valkey(free_ports(1)[0], tmp_path)])
