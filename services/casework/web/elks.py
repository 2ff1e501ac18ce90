"""The door of 46elks: what became of an SMS (`whendelivered`)."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query

from services.casework.web.given import House
from shared.web.access import open_to_all
from shared.web.callers import check_telephony

router = APIRouter(
    prefix="/webhooks/46elks",
    tags=["telephony"],
    dependencies=[
        open_to_all("telephony: a token in the address, or the provider's own addresses"),
        Depends(check_telephony),
    ],
)
Word = Annotated[str, Form(max_length=200)]


@router.post("/delivery", status_code=204)
async def delivery(
    house: House,
    id: Word = "",  # noqa: A002 - what 46elks calls it
    status: Word = "",
    delivered: Word = "",
    sms: Annotated[str, Query(max_length=200)] = "",
) -> None:
    """Take a report; what says nothing that we know is answered all the same, so that it is not sent again."""
    if id and status in {"delivered", "failed"}:
        await house.outgoing.delivered.run(
            id, "delivered" if status == "delivered" else "failed", _moment(delivered), sms
        )


def _moment(text: str) -> datetime | None:
    """Return when it arrived (`2026-11-25T09:10:11.123456`, in UTC); None when it is not said, or not so."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
