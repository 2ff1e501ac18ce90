"""Logs: one JSON object a line, ours and the libraries' alike, with the trace; libraries that quote keys are quiet."""

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from shared.errors import TransientError
from shared.logs import configure
from shared.settings import ServiceSettings
from shared.tracing import continued, new_traceparent


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def test_a_line_is_an_event_with_ids_and_its_trace(capsys: pytest.CaptureFixture[str]) -> None:
    configure(ServiceSettings(log_format="json"))
    parent = new_traceparent()
    with continued(parent):
        structlog.get_logger("shared.test").info("contact_received", contact="c-1")
    logging.getLogger("some.library").warning("older %s", "style")
    ours, theirs = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (ours["event"], ours["contact"], ours["level"], ours["trace"]) == (
        "contact_received",
        "c-1",
        "info",
        parent[3:35],
    )
    assert (theirs["event"], theirs["logger"]) == ("older style", "some.library")


def test_an_exception_is_part_of_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure(ServiceSettings(log_format="json"))
    try:
        int("boom")
    except ValueError:
        structlog.get_logger("shared.test").exception("loop_failed")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["exception"].endswith("\nValueError")
    assert "test_an_exception_is_part_of_its_line" in json.loads(line)["exception"]


def test_an_exception_never_quotes_what_was_read(capsys: pytest.CaptureFixture[str]) -> None:
    configure(ServiceSettings(log_format="json"))
    read = "anna@example.se"
    try:
        try:
            int(read)
        except ValueError as error:
            raise TransientError("the register is away") from error
    except TransientError as error:
        structlog.get_logger("shared.test").error("loop_failed", exc_info=error)
        logging.getLogger("some.library").exception("theirs")
    ours, theirs = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    for told in (ours["exception"], theirs["exception"]):
        assert "anna@" not in told
        assert "\nValueError\n" in told
        assert told.endswith("\nTransientError: the register is away")


def test_libraries_that_would_log_keys_are_quiet_even_when_we_debug(capsys: pytest.CaptureFixture[str]) -> None:
    configure(ServiceSettings(log_format="console", log_level="debug"))
    logging.getLogger("aiokafka.producer").debug("Sending (key=%s)", "070-174 06 05")
    logging.getLogger("httpx").info("GET http://…")
    structlog.get_logger("shared.test").debug("seen")
    output = capsys.readouterr().err
    assert "seen" in output
    assert "070" not in output
    assert "GET" not in output


def test_what_was_stderr_may_be_closed_and_lines_go_to_what_is(monkeypatch: pytest.MonkeyPatch) -> None:
    before, now = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", before)
    configure(ServiceSettings(log_format="json"))
    structlog.get_logger("a").warning("first")
    assert json.loads(before.getvalue())["event"] == "first"
    before.close()
    monkeypatch.setattr(sys, "stderr", now)
    logging.getLogger("aiokafka").warning("second")
    assert json.loads(now.getvalue())["event"] == "second"
