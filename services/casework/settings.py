"""Settings of casework."""

from typing import Self

from pydantic import Field, SecretStr, model_validator

from shared.settings import ServiceSettings
from shared.web.callers import ELKS_NETWORKS, Network


class Settings(ServiceSettings):
    """What casework needs besides what all services share."""

    port: int = Field(8103, description="Port that the HTTP doors listen on.")
    smtp_host: str = Field("127.0.0.1", description="Mail server that takes our mail.")
    smtp_port: int = Field(3025, description="Port of the mail server.")
    smtp_starttls: bool = Field(
        False, description="Talk to the mail server by STARTTLS only, its certificate verified; true in production."
    )
    smtp_ca_file: str = Field("", description="File of who signs the mail server's certificate; the system's if empty.")
    smtp_user: str = Field("", description="Login at the mail server; none if empty. Only with STARTTLS.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Password at the mail server.")
    undo_seconds: float = Field(
        10.0,
        ge=0,
        le=120,
        description="How long an agent's reply, close or hand-over waits untold, so that she can take it back.",
    )
    fallback_file: str = Field(
        "", description="File to which checklists and numbers are written each hour, to be read when nothing answers."
    )
    elks_url: str = Field("", description="Base address of 46elks' API; no SMS is sent if empty.")
    elks_user: str = Field("", description="API user name at 46elks.")
    elks_password: SecretStr = Field(SecretStr(""), description="API password at 46elks.")
    elks_token: SecretStr = Field(SecretStr(""), description="`?token=` of the webhook of delivery reports.")
    elks_old_token: SecretStr = Field(SecretStr(""), description="The token before it, while it changes.")
    elks_networks: tuple[Network, ...] = Field(ELKS_NETWORKS, description="Addresses that need no token.")
    mail_from: str = Field("kontakt@kommun.example", description="From address of every mail; answers come back here.")
    reply_plus: bool = Field(
        False,
        description="Answers go to `mailbox+token@`: what is sent to it must come to the mailbox (subaddressing).",
    )
    mail_domain: str = Field("kommun.example", description="Domain of our Message-IDs and of units' addresses.")
    reopen_days: int = Field(30, ge=0, description="Days after which a closed case is followed up by a new one.")
    public_url: str = Field(
        "", description="Where people reach casework, as mails link to it; `casework_url` if empty."
    )

    @property
    def outside(self) -> str:
        """Return the base address that mails link to, without a slash at its end."""
        return (self.public_url or self.casework_url).rstrip("/")

    @model_validator(mode="after")
    def _password_is_safe(self) -> Self:
        """Refuse to send a password over a line that anybody may read."""
        if self.smtp_user and not self.smtp_starttls:
            raise ValueError("smtp_user needs smtp_starttls: the password would go out in the clear")
        return self
