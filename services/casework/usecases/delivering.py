"""Rows of what went out as pages show them: the words, the files, and where each is."""

from collections.abc import Mapping

from services.casework.domain.outgoing import delivery, why
from services.casework.store.sql import Row
from services.casework.usecases import views


def reply_view(row: Row, sent: Row | None, names: Mapping[str, str]) -> views.MessageView:
    """Return a message of ours; `sent` is its row in the queue."""
    state, problem = (sent["state"], sent["problem"]) if sent else ("", "")
    return views.MessageView(
        row["id"],
        "out",
        row["kind"],
        row["at"],
        names.get(row["author"], row["author"]),
        row["subject"],
        row["body"],
        state,
        problem,
        delivery_view(sent) if sent else None,
        tuple(views.SentFileView(one["id"], one["name"], one["size"]) for one in row["attachments"]),
    )


def automatic_view(sent: Row) -> views.MessageView:
    """Return what nobody wrote: a confirmation, a notice."""
    return views.MessageView(
        sent["id"],
        "out",
        sent["kind"],
        sent["created_at"],
        sent.get("sender_name") or sent.get("sender") or "",
        sent.get("subject") or "",
        sent["body"],
        sent["state"],
        sent["problem"],
        delivery_view(sent),
    )


def delivery_view(sent: Row) -> views.DeliveryView:
    """Return where something of ours is, by its row in the queue of mails or of SMS."""
    return views.DeliveryView(
        id=sent["id"],
        channel="sms" if "provider_id" in sent else "email",
        state=delivery(sent["state"], 1 if sent["problem"] else 0),
        attempts=sent["attempts"],
        next_at=sent["next_at"],
        sent_at=sent["sent_at"],
        recipient=sent["recipient"],
        why=why(sent["problem"]),
        detail=sent["problem"],
        delivered_at=sent.get("delivered_at"),
    )
