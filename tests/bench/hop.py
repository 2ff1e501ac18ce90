"""The floor beside the router: a bare PING, and a task through Celery on the same Valkey, one worker process."""

import os
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from celery import Celery

from deploy.local.paths import PROJECT
from tests.bench.common import quantile

_PING = b"*1\r\n$4\r\nPING\r\n"
_PONG = b"+PONG\r\n"
_BURST = 100
_PATIENCE = 60.0

app = Celery("hop", broker=os.environ.get("KC_BENCH_BROKER"), backend=os.environ.get("KC_BENCH_BACKEND"))
app.conf.update(worker_hijack_root_logger=False, broker_connection_retry_on_startup=True)


@app.task
def nothing(number: Any) -> Any:
    """Give back what came."""
    return number


def pings(port: int, count: int) -> tuple[float, float]:
    """Return round trips a second on one connection: one at a time, and a hundred under way at once."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _exchange(connection, count, 1), _exchange(connection, max(count, _BURST), _BURST)


def _exchange(connection: socket.socket, count: int, burst: int) -> float:
    request, size = _PING * burst, len(_PONG) * burst
    began = time.perf_counter()
    for _ in range(count // burst):
        connection.sendall(request)
        left = size
        while left:
            left -= len(connection.recv(left))
    return count // burst * burst / (time.perf_counter() - began)


@contextmanager
def worker(redis: str, log: Path) -> Iterator[None]:
    """Run one worker with one process on databases of its own, as long as the block lasts."""
    broker, backend = (f"{redis.rsplit('/', 1)[0]}/{number}" for number in (1, 2))
    app.conf.update(broker_url=broker, result_backend=backend)
    command = [sys.executable, "-m", "celery", "-A", "tests.bench.hop", "worker", "--pool=prefork", "--concurrency=1"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=WARNING"]
    where = os.environ | {"KC_BENCH_BROKER": broker, "KC_BENCH_BACKEND": backend}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*command, *quiet], cwd=PROJECT, env=where, stdout=output, stderr=output, start_new_session=True
        )
    try:
        nothing.delay(0).get(timeout=_PATIENCE)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        app.close()


def hops(count: int, under_way: int) -> tuple[float, float]:
    """Return tasks a second from sending to the result with so many under way, and the p50 in ms of one alone."""
    waiting = deque(nothing.delay(number) for number in range(under_way))
    began = time.perf_counter()
    for number in range(count):
        waiting.popleft().get(timeout=_PATIENCE)
        waiting.append(nothing.delay(number))
    rate = count / (time.perf_counter() - began)
    while waiting:
        waiting.popleft().get(timeout=_PATIENCE)
    alone = []
    for number in range(max(10, count // 10)):
        began = time.perf_counter()
        nothing.delay(number).get(timeout=_PATIENCE)
        alone.append((time.perf_counter() - began) * 1e3)
    return rate, quantile(alone, 0.5)
