"""A real exchange and real phones: Kamailio, with sipp as the caller and as the phone that it passes calls on to.

It tells its calls as an exchange tells its CTI, so what reaches our door has been SIP before: its call ids, its order,
its repetitions.
"""

import asyncio
import shutil
import socket
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlencode

import pytest

from deploy.local.part import HOST, free_ports
from tests.support.sip_scenes import SCENES
from tests.support.wait import eventually

KAMAILIO, SIPP = shutil.which("kamailio", path="/usr/sbin:/usr/bin"), shutil.which("sipp")
CONFIG = Path(__file__).parent / "sip" / "kamailio.cfg"
needs_sip = pytest.mark.skipif(
    not (KAMAILIO and SIPP), reason="no sipp and Kamailio on this machine; `make test-setup` installs them"
)
_OPTIONS = (
    "OPTIONS sip:{host} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch=z9hG4bKready\r\nMax-Forwards: 5\r\n"
    "From: <sip:a@{host}>;tag=1\r\nTo: <sip:b@{host}>\r\nCall-ID: ready\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)


@dataclass(slots=True)
class Exchange:
    """Kamailio, telling calls to `cti`; what it says besides of an answered call stands in `answered`."""

    cti: str
    answered: dict[str, str] = field(default_factory=dict)
    port: int = 0
    phone_port: int = 0
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="kontaktcenter-sip-")))
    _running: list[asyncio.subprocess.Process] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        assert KAMAILIO
        self.port, self.phone_port = free_ports(2)
        more = f"&{urlencode(self.answered)}" if self.answered else ""
        known = {"@PORT@": str(self.port), "@PHONE@": str(self.phone_port), "@CTI@": self.cti, "@MORE@": more}
        config = CONFIG.read_text(encoding="utf-8")
        for name, value in known.items():
            config = config.replace(name, value)
        file = self.folder / "kamailio.cfg"
        file.write_text(config, encoding="utf-8")
        words = ["-DD", "-E", "-f", str(file), "-Y", str(self.folder), "-m", "32", "-M", "4"]
        quiet = asyncio.subprocess.DEVNULL
        self._running.append(await asyncio.create_subprocess_exec(KAMAILIO, *words, stdout=quiet, stderr=quiet))
        await eventually(self._answers, timeout=20, every=0.1)
        return self

    async def __aexit__(self, *_: object) -> None:
        for process in self._running:
            if process.returncode is None:
                process.terminate()
        await asyncio.gather(*(process.wait() for process in self._running))
        shutil.rmtree(self.folder, ignore_errors=True)

    async def plays(
        self, phone: str, caller: str, *, to: str, sender: str, talk: float = 0.5, rings: float = 0.2
    ) -> int:
        """Let a caller and a phone of `SCENES` play one call to its end; return the caller's exit code (0: as told)."""
        phoning = await self._sipp(phone, self.phone_port, pause=rings)
        [own] = free_ports(1)
        calling = await self._sipp(caller, own, f"{HOST}:{self.port}", to=to, sender=sender, pause=talk)
        codes = await asyncio.wait_for(asyncio.gather(calling.wait(), phoning.wait()), 60)
        return max(codes)

    async def _sipp(
        self, scene: str, port: int, *target: str, to: str = "x", sender: str = "x", pause: float
    ) -> asyncio.subprocess.Process:
        assert SIPP
        file = self.folder / f"{scene}.xml"
        file.write_text(SCENES[scene], encoding="utf-8")
        words = ["-sf", str(file), "-i", HOST, "-p", str(port), "-m", "1", "-s", to, "-key", "caller", sender]
        words += ["-d", str(int(pause * 1000)), "-timeout", "40", "-nostdin", *target]
        process = await asyncio.create_subprocess_exec(
            SIPP, *words, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, cwd=self.folder
        )
        self._running.append(process)
        return process

    async def _answers(self) -> bool:
        """Say whether Kamailio takes questions."""

        def ask() -> bool:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
                line.bind((HOST, 0))
                line.settimeout(0.3)
                line.sendto(_OPTIONS.format(host=HOST, port=line.getsockname()[1]).encode(), (HOST, self.port))
                try:
                    return line.recv(2048).startswith(b"SIP/2.0 200")
                except OSError:
                    return False

        return await asyncio.to_thread(ask)
