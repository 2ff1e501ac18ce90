"""Signed form submissions without an applicant, so that no receipt goes out; bodies are made beforehand."""

import base64
import gzip
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path

from shared.ids import natural_contact_id
from tests.bench.http import Connection

FORM = "kontakta-oss"
WORDS = Path("deploy/seed/contacts-sv.jsonl.gz")


class Sender:
    """Makes and signs submissions; `run` keeps two runs apart."""

    def __init__(self, secret: str, run: str) -> None:
        self._key = base64.b64decode(secret.removeprefix("whsec_"))
        self._run = run
        with gzip.open(WORDS, "rt", encoding="utf-8") as file:
            self._texts = [json.loads(line)["text"] for line in file]

    def bodies(self, count: int, start: int = 0) -> Iterator[tuple[str, bytes]]:
        """Yield submission id and body of so many submissions."""
        for number in range(start, start + count):
            text = self._texts[number % len(self._texts)]
            submission = f"{self._run}-{number}"
            body = {"form": FORM, "submission_id": submission, "fields": {"Meddelande": text}}
            yield submission, json.dumps(body, ensure_ascii=False).encode()

    async def post(self, connection: Connection, submission: str, body: bytes) -> str | None:
        """Send one submission; return its contact id, or None when it was not taken."""
        moment = str(int(time.time()))
        signed = hmac.new(self._key, f"{submission}.{moment}.".encode() + body, hashlib.sha256).digest()
        signature = base64.b64encode(signed).decode()
        more = f"webhook-id: {submission}\r\nwebhook-timestamp: {moment}\r\nwebhook-signature: v1,{signature}\r\n"
        status, answer = await connection.call("POST", "/webhooks/forms", body, more)
        return str(json.loads(answer)["contact_id"]) if status == 202 else None


def expected_contact(submission: str) -> str:
    """The contact id that a submission will have."""
    return natural_contact_id("form", FORM, submission)
