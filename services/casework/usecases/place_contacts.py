"""Contacts that no token has placed: a number in the subject follows up or links, what comes too often gathers."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.casework.domain.burst import BY_NUMBER, CAPPED, MOST, Burst, kind_of
from services.casework.domain.case import Case, Deed, case_id_of
from services.casework.store.sql import Row
from services.casework.store.unit_of_work import Work
from services.casework.usecases.going_on import hold_going_on
from services.casework.usecases.inherited import stay_hidden
from shared.vocabulary import CaseState, Channel, LinkKind


@dataclass(slots=True)
class Placed:
    """News of contacts (`rows`), each where it belongs, with what the door said of it."""

    rows: dict[str, Row]
    said: Mapping[str, Row]
    links: dict[str, Case] = field(default_factory=dict)
    """The case that a contact may concern, by contact id."""
    known: set[str] = field(default_factory=set)
    """Contacts of senders who have written in the case that they may concern."""
    capped: set[str] = field(default_factory=set)
    """Contacts above what may come without a pause."""

    def news(self) -> list[Row]:
        """Return the contacts."""
        return list(self.rows.values())

    def heard(self, rows: Sequence[Row]) -> list[Row]:
        """Return those whose coming is to be heard of: neither above the cap nor old mail."""
        return [one for one in rows if one["id"] not in self.capped and not is_quiet(self.said[one["id"]])]


def is_quiet(contact: Row) -> bool:
    """Return whether a contact is old mail, taken in without telling anybody."""
    return "quiet" in contact["flags"]


@dataclass(frozen=True, slots=True)
class PlaceContacts:
    """Place contacts within somebody else's transaction, each once: only what is news is placed and counted."""

    key: bytes
    """The key of the marks that stand for senders and words."""

    async def run(
        self, work: Work, news: Sequence[Row], said: Mapping[str, Row], tags: Mapping[str, str], now: datetime
    ) -> Placed:
        """Return where `news` belong; `tags` are the case numbers in their subjects, by contact id."""
        placed = Placed({one["id"]: one for one in news}, said)
        by_id = placed.rows
        mails = [by_id[name] for name in said if name in by_id and by_id[name]["channel"] == Channel.EMAIL]
        changed = await self._claims(work, placed, mails, tags)
        for contact_id, row in await self._bursts(work, placed, mails, now):
            changed.setdefault(contact_id, {}).update(row)
        empty = {"follows": None, "linked": None, "flag": ""}
        await work.places.place([{**empty, "id": contact_id, **row} for contact_id, row in changed.items()])
        return placed

    async def _claims(
        self, work: Work, placed: Placed, mails: Sequence[Row], tags: Mapping[str, str]
    ) -> dict[str, dict[str, object]]:
        """Follow up by number whose sender has written in that case, link the others; never a protected person's."""
        claimed = {one["id"]: str(case) for one in mails if (case := placed.said[one["id"]]["linked_case"])}
        ids = await work.places.numbered([tags[one["id"]] for one in mails if one["id"] in tags])
        tagged = {one["id"]: ids[tags[one["id"]]] for one in mails if tags.get(one["id"]) in ids}
        if not claimed and not tagged:
            return {}
        goes_on, held = await hold_going_on(work, sorted({*claimed.values(), *tagged.values()}))
        writers = await work.places.writers(list(goes_on.values()))
        changed: dict[str, dict[str, object]] = {}
        for one in mails:
            named = claimed.get(one["id"]) or tagged.get(one["id"], "")
            case = held.get(goes_on.get(named, ""))
            if case is None or one["follows"] or case.id == case_id_of(one["id"]):
                continue
            sender = (one["sender_email"] or "").strip().lower()
            wrote = (case.id, sender) in writers
            hers = one["id"] not in claimed and wrote and not case.protected
            # Of several senders no mail server has proved which one wrote.
            hers = hers and "several_senders" not in placed.said[one["id"]]["flags"]
            if hers and _is_free(one):
                placed.rows[one["id"]] = {**one, "follows": case.id, "case_id": case.id}
                changed[one["id"]] = {"follows": case.id, "flag": BY_NUMBER}
            else:
                placed.links[one["id"]] = case
                placed.known |= {one["id"]} if wrote else set()
                changed[one["id"]] = {"linked": case.number}
        return changed

    async def _bursts(
        self, work: Work, placed: Placed, mails: Sequence[Row], now: datetime
    ) -> list[tuple[str, dict[str, object]]]:
        """Flag what is above its cap; what would open a case of its own gathers on that of the first of its like."""
        kinds: dict[str, Burst] = {}
        alike: dict[str, list[Row]] = {}
        for one in mails:
            row = placed.rows[one["id"]]
            if (kind := self._kind(row, placed)) is not None:
                key = self._key(kind, row, placed.said[one["id"]])
                kinds[key] = kind
                alike.setdefault(key, []).append(row)
        asked = [
            {"key_hash": key, "count": len(rows), "case_id": case_id_of(rows[0]["id"])} for key, rows in alike.items()
        ]
        counted = await work.places.count(asked, now)
        above = {key: row for key, row in counted.items() if row["count"] > MOST[kinds[key]]}
        gathers = await _alive(work, alike, {key: row for key, row in above.items() if kinds[key] is not Burst.THREAD})
        changed: list[tuple[str, dict[str, object]]] = []
        for key, row in above.items():
            case_id = gathers.get(key)
            if case_id is None and kinds[key] is not Burst.THREAD:
                continue
            over = alike[key][-(row["count"] - MOST[kinds[key]]) :]
            for one in over:
                changed.append((one["id"], {"flag": CAPPED, **_gathered(placed, one, case_id)}))
                placed.capped.add(one["id"])
        return changed

    def _kind(self, row: Row, placed: Placed) -> Burst | None:
        said = placed.said[row["id"]]
        return kind_of(
            automatic=row["automatic"],
            flags=frozenset(said["flags"]),
            follows=bool(row["follows"]),
            claims=row["id"] in placed.links,
            sender=bool(row["sender_email"]),
        )

    def _key(self, kind: Burst, row: Row, said: Row) -> str:
        sender = (row["sender_email"] or "").strip().lower()
        match kind:
            case Burst.RETURNED:
                what = row["entrance"]
            case Burst.THREAD:
                what = f"{row['follows']}\n{sender}"
            case Burst.SAME:
                what = f"{sender}\n{row['subject']}\n{said['body']}"
            case _:
                what = sender
        plain = f"{kind}\n{what}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(plain, key=self.key, digest_size=16).hexdigest()


def _is_free(row: Row) -> bool:
    """Return whether no agent has taken the contact before it was heard of: it has then a case of its own."""
    return row["accepted_at"] is None and row["case_id"] == case_id_of(row["id"])


def _gathered(placed: Placed, one: Row, case_id: str | None) -> dict[str, object]:
    """Let a contact go to the case that its like gather on; one in a thread is there already."""
    if case_id is None or one["follows"] or not _is_free(one) or case_id == case_id_of(one["id"]):
        return {}
    placed.rows[one["id"]] = {**one, "follows": case_id, "case_id": case_id}
    return {"follows": case_id}


async def _alive(work: Work, alike: Mapping[str, list[Row]], above: Mapping[str, Row]) -> dict[str, str]:
    """Return by key the case that is gathered on.

    Where that one is closed, or has become part of another (which may be a citizen's), counting begins anew with the
    latest.
    """
    if not above:
        return {}
    goes_on, held = await hold_going_on(work, [row["case_id"] for row in above.values()])
    over = {one for one, last in goes_on.items() if last != one or held[last].state is CaseState.CLOSED}
    closed = {key for key, row in above.items() if row["case_id"] in over}
    anew = [{"key_hash": k, "count": len(alike[k]), "case_id": case_id_of(alike[k][0]["id"])} for k in sorted(closed)]
    await work.places.begin_anew(anew)
    return {key: row["case_id"] for key, row in above.items() if key not in closed}


async def link_claimed(work: Work, placed: Placed, numbers: Mapping[str, str], now: datetime) -> None:
    """Link the cases of contacts with those they may concern, once, to be taken away by hand.

    Who has written in the other one, and is hidden there, is as hidden in the case of her own.
    """
    nobody = {"by": "", "by_name": "", "what": Deed.LINK.value}
    kind = LinkKind.RELATED.value
    for contact_id, other in placed.links.items():
        row = placed.rows[contact_id]
        own = row["case_id"]
        if own in (None, other.id) or not (number := numbers.get(contact_id) or await _number(work, own)):
            continue
        if await work.links.add(own, other.id, kind, by="", at=now):
            if contact_id in placed.known and own == case_id_of(contact_id):
                await stay_hidden(work, other, own, now)
            await work.history.write(own, now, **nobody, facts={"kind": kind, "other": other.number})
            await work.history.write(other.id, now, **nobody, facts={"kind": kind, "other": number, "back": True})


async def _number(work: Work, case_id: str) -> str | None:
    rows = await work.reads.by_ids([case_id])
    return str(rows[0]["number"]) if rows else None
