"""How long it takes to understand a mail, by what kind it is."""

import gc
import time
from itertools import chain
from typing import Any

from services.intake.usecases.understand_mail import Keys, RawMail, UnderstandMail
from shared.catalogue import Catalogue
from shared.clock import utc_now
from shared.records import EntranceRecord
from shared.settings import ServiceSettings
from shared.vocabulary import EntranceKind
from tests.bench.common import quantile
from tests.bench.mail_letters import kinds

ADDRESS = "kontakt@kommun.example"


def parsing(size: int, count: int) -> dict[str, Any]:
    """Return milliseconds a mail of `size` bytes: from its bytes to the event and the files that are kept."""
    reader = UnderstandMail(_catalogue(), utc_now, Keys(b"t" * 32, b"p" * 32))
    each: dict[str, list[float]] = {}
    for kind, mails in kinds(size, count).items():
        for data in mails[:5]:
            reader.understand(RawMail(data), ADDRESS)
        gc.collect()
        each[kind] = []
        for data in mails:
            began = time.perf_counter()
            reader.understand(RawMail(data), ADDRESS)
            each[kind].append((time.perf_counter() - began) * 1e3)
    by_kind = {kind: quantile(ms, 0.95, 2) for kind, ms in each.items()}
    whole = list(chain.from_iterable(each.values()))
    return {"p50": quantile(whole, 0.5, 2), "p95": quantile(whole, 0.95, 2), "p95_of_kind": by_kind}


def _catalogue() -> Catalogue:
    made = Catalogue(ServiceSettings())
    entrance = EntranceRecord(
        id="mejl",
        kind=EntranceKind.ADDRESS,
        value=ADDRESS,
        name="Brevlåda",
        unit="kontaktcenter",
        greeting="Hej",
        default=True,
    )
    made.apply(entrance.key, entrance)
    return made
