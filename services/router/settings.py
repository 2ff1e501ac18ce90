"""What the router can be told; nothing is read at import."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """The router's settings, read from `KC_*` variables."""

    model_config = SettingsConfigDict(env_prefix="KC_", extra="ignore")

    port: int = Field(8102, description="Port that the HTTP doors listen on.")
    offer_seconds: float = Field(30, description="How long an agent has to answer an offer.")
    presence_seconds: float = Field(30, description="Silence after which an agent is taken to be gone.")
    cooldown_seconds: float = Field(60, description="How long a contact is not offered again to who could not take it.")
    offer_interval_seconds: float = Field(
        1,
        description="The least time between an offer that an agent did not take and her next one.",
    )
    transfer_seconds: float = Field(30, description="How long a contact sent to a colleague is kept for her alone.")
    connecting_seconds: float = Field(
        240,
        description="How long a call whose telephony says when it is through may take for that after accept; longer "
        "than intake's `through_seconds` and the longest recording that the caller hears to its end before the "
        "agent's phone is rung. 0: an accepted call is connected.",
    )
