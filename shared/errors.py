"""Errors are classes: what the reader is told, and whether trying again can help."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


class KontaktcenterError(Exception):
    """The root of every error this product raises on purpose."""


class TransientError(KontaktcenterError):
    """Trying the same again later can succeed: a broker, database or network that did not answer."""


class PermanentError(KontaktcenterError):
    """Trying the same again cannot succeed: it does not parse, or breaks a rule."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with the input: a JSON pointer (`/fields/0/name`) and a text key for the reader.

    `params` fill the text's `{braces}`.
    """

    pointer: str
    detail: str
    params: Mapping[str, object] = field(default_factory=dict, hash=False)


class DomainError(PermanentError):
    """A rule of the field says no: carries a stable `type`, an HTTP status and a text in the reader's language.

    `title` is the Swedish text and the gettext key of its translations; `params` fill its `{braces}`.
    """

    type: str = "rule-broken"
    status: int = 422
    title: str = "Det går inte."
    retry_after: int | None = None
    """Seconds after which another try can succeed, where that is known."""

    def __init__(self, detail: str = "", *, errors: Sequence[FieldError] = (), **params: object) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.errors = tuple(errors)
        self.params = params


class NotFoundError(DomainError):
    """There is no such thing, or the reader may not see it."""

    type = "not-found"
    status = 404
    title = "Det finns inte, eller så har du inte behörighet."


class ConflictError(DomainError):
    """It has changed in the meantime."""

    type = "conflict"
    status = 409
    title = "Någon annan hann före. Läs in sidan igen."


class KeyReusedError(DomainError):
    """The Idempotency-Key was used for something else."""

    type = "idempotency-key-reused"
    status = 422
    title = "Idempotency-Key har redan använts för något annat."


class ForbiddenError(DomainError):
    """The person may not do this."""

    type = "forbidden"
    status = 403
    title = "Du har inte behörighet till det här."


class LogUnavailableError(TransientError):
    """Kafka did not acknowledge within the deadline."""
