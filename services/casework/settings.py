"""Settings of casework."""

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What casework needs besides what all services share."""

    port: int = Field(8103, description="Port that the HTTP doors listen on.")
    smtp_host: str = Field("127.0.0.1", description="Mail server that takes our mail.")
    smtp_port: int = Field(3025, description="Port of the mail server.")
    mail_from: str = Field("kontakt@kommun.example", description="From address of every mail; answers come back here.")
    mail_domain: str = Field("kommun.example", description="Domain of our Message-IDs and of units' addresses.")
    public_url: str = Field(
        "", description="Where people reach casework, as mails link to it; `casework_url` if empty."
    )

    @property
    def outside(self) -> str:
        """Return the base address that mails link to, without a slash at its end."""
        return (self.public_url or self.casework_url).rstrip("/")
