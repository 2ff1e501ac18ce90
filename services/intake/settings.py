"""The settings of intake: its mailbox, its callers' secrets and the limits of its doors."""

from pydantic import Field, SecretStr

from shared.settings import ServiceSettings
from shared.web.callers import ELKS_NETWORKS, Network


class Settings(ServiceSettings):
    """What intake needs besides the shared settings."""

    port: int = Field(8101, description="Port that the HTTP doors listen on.")
    imap_host: str = Field("", description="Mail server; empty means no mailbox is read.")
    imap_port: int = Field(993, description="Port of the mail server.")
    imap_user: str = Field("", description="Login of the mailbox.")
    imap_password: SecretStr = Field(SecretStr(""), description="Password of the mailbox.")
    imap_tls: bool | None = Field(
        None, description="TLS from the first byte; by default on every port but 143 and 3143."
    )
    imap_folder: str = Field("INBOX", description="Folder that mails arrive in.")
    imap_processed: str = Field("Behandlat", description="Folder that read mails are moved to.")
    imap_poll_seconds: float = Field(
        15.0, description="The truth is asked for at least this often, whatever IDLE says."
    )
    imap_timeout: float = Field(20.0, description="Longest silence of the mail server before it is given up.")
    mailbox: str = Field("", description="The address the mailbox is known by; its login when empty.")
    mailboxes: str = Field(
        "", description="YAML file of several mailboxes (docs/mail.md); read beside the one of `imap_host`, if any."
    )
    eplatforms: str = Field("", description="YAML file of e-service platforms that are polled (docs/e-services.md).")
    eplatform_keep_days: int = Field(
        400, ge=370, description="How long a submission that nothing happens to is remembered as taken in."
    )
    reconcile_minutes: float = Field(10.0, gt=0, description="How often each mailbox is compared with the ledger.")
    reconcile_days: int = Field(
        7, ge=1, le=60, description="How far back the processed mails are compared; less than `keep_seen_days`."
    )
    mail_limit: int = Field(50_000_000, description="Bytes of a mail above which only its header is read.")
    webhook_secret: SecretStr = Field(SecretStr(""), description="`whsec_…` that e-services sign with.")
    webhook_old_secret: SecretStr = Field(SecretStr(""), description="The secret before it, while senders change.")
    webhook_secrets: dict[str, SecretStr] = Field(
        default_factory=dict,
        description='JSON of further ones by name, `{"eplattform-2026": "whsec_…"}`; any of all signs.',
    )
    form_files: int = Field(50, ge=0, le=1000, description="Files of a form; one with more is refused.")
    form_file_bytes: int = Field(18_000_000, ge=0, description="Bytes of a form's files together; more are refused.")
    elks_token: SecretStr = Field(SecretStr(""), description="`?token=` of the telephony webhooks.")
    elks_old_token: SecretStr = Field(SecretStr(""), description="The token before it, while the numbers change.")
    elks_networks: tuple[Network, ...] = Field(
        ELKS_NETWORKS, description="Addresses that need no token, as 46elks publishes them."
    )
    twilio_token: SecretStr = Field(
        SecretStr(""), description="Auth token of the Twilio account, which signs by SHA-1."
    )
    twilio_old_token: SecretStr = Field(SecretStr(""), description="The token before it, while it is changed.")
    twilio_keys: dict[str, SecretStr] = Field(
        {},
        description='Twilio\'s shared keys, which sign by SHA-256: `{"<key id>": "<secret>"}`; several are accepted.',
    )
    twilio_url: str = Field("https://api.twilio.com", description="Base address of Twilio's API.")
    twilio_account: str = Field("", description="`AC…`, the account at Twilio; its API is not asked if empty.")
    twilio_user: str = Field("", description="API key (`SK…`) at Twilio; the account itself when empty.")
    twilio_password: SecretStr = Field(SecretStr(""), description="The API key's secret; the auth token when empty.")
    ring_return_calls: bool = Field(
        True,
        description="An accepted return call that a key has asked for rings the agent's phone and then the citizen, "
        "where we have an API login at the number's telephony; else the agent dials herself.",
    )
    cti_token: SecretStr = Field(
        SecretStr(""), description="Last part of the address that a telephone exchange posts to (CTI); empty: no door."
    )
    cti_old_token: SecretStr = Field(SecretStr(""), description="The token before it, while it is changed.")
    cti_networks: tuple[Network, ...] = Field(
        (), description="Addresses that the exchange posts from; empty: the token alone is the proof."
    )
    cti_only_entrances: bool = Field(
        False,
        description="The exchange reports every call of the house: those to no entrance of ours are only counted.",
    )
    elks_url: str = Field("", description="Base address of 46elks' API; its call history is not asked if empty.")
    elks_user: str = Field("", description="API user name at 46elks.")
    elks_password: SecretStr = Field(SecretStr(""), description="API password at 46elks.")
    calls_check_seconds: float = Field(
        60.0, gt=0, description="How often a provider is asked which of the calls that have been open so long are over."
    )
    through_seconds: float = Field(
        65.0,
        gt=0,
        description="Without a word of a busy or silent phone for so long after it was rung, the call is through; "
        "longer than the provider lets a phone ring; the router's `connecting_seconds` is that and a recording.",
    )
    short_abandon_seconds: float = Field(
        5.0, ge=0, description="A caller who leaves before this could not have been answered: counted apart."
    )
    public_url: str = Field("", description="Where telephony reaches us from outside; `intake_url` when empty.")
    hold_sound_url: str = Field("", description="Hold sound of at most 5 s; our own when empty.")
    caller_id: str = Field("", description="E.164 number shown to the agent's phone; the caller's when empty.")
    place_seconds: float = Field(60.0, gt=0, description="How often a waiting caller hears her place in the queue.")
    recording_limit: int = Field(5_000_000, gt=0, description="Bytes of a recording that is uploaded for callers.")
    form_limit: int = Field(25_000_000, description="Bytes of a form by webhook, attachments included.")
    mail_files: int = Field(50, description="Files of a mail that are kept; the original holds the rest.")
    mail_file_bytes: int = Field(30_000_000, description="Bytes of a mail's kept files, all together.")
    archive_members: int = Field(5_000, description="Files in an archive above which it is flagged as too large.")
    archive_unpacked: int = Field(
        1_000_000_000, description="Bytes that an archive may unpack to before it is flagged as too large."
    )
    archive_depth: int = Field(3, description="Archives within archives that are looked into; more are flagged.")
    unscanned_days: int = Field(14, description="How long a file without a verdict of the virus scanner is retried.")
    no_show_recalls: int = Field(
        2, ge=0, le=2, description="How often a visitor who does not come is called again before her visit is over."
    )
    qmatic_token: SecretStr = Field(
        SecretStr(""), description="The last part of Qmatic's address of us; empty closes the door."
    )
    qmatic_old_token: SecretStr = Field(SecretStr(""), description="The token before it, while Qmatic changes.")
    qmatic_networks: tuple[Network, ...] = Field((), description="Addresses that Qmatic sends from; empty is any.")
    qmatic_branches: dict[str, str] = Field(
        default_factory=dict,
        description='Desk (id or value) by branch: `{"1": "stadshuset"}`; else the desk of that value.',
    )
    qmatic_url: str = Field("", description="Orchestra, to register with and compare; empty does neither.")
    qmatic_api_token: SecretStr = Field(SecretStr(""), description="`auth-token` of Orchestra's gateway.")
    qmatic_minutes: float = Field(5.0, gt=0, description="How often we register with Qmatic and compare its branches.")
    display_token: SecretStr = Field(
        SecretStr(""),
        description="`?token=` of the screens in waiting rooms; without it only who is logged in sees them.",
    )
    publish_timeout: float = Field(2.0, description="Seconds a caller waits for Kafka.")
    keep_seen_days: int = Field(90, description="How long a repeated submission is recognised.")

    @property
    def form_secrets(self) -> dict[str, str]:
        """Return the secrets that forms may be signed with, by name."""
        own = {"current": self.webhook_secret, "old": self.webhook_old_secret, **self.webhook_secrets}
        return {name: secret.get_secret_value() for name, secret in own.items()}

    @property
    def twilio_login(self) -> str:
        """Return what proves us to Twilio's API."""
        return self.twilio_password.get_secret_value() or self.twilio_token.get_secret_value()

    @property
    def tls(self) -> bool:
        """Return whether the mailbox is read over TLS."""
        return self.imap_port not in {143, 3143} if self.imap_tls is None else self.imap_tls

    @property
    def mailbox_address(self) -> str:
        """Return the address that mails come in by when their header names no known one."""
        return (self.mailbox or self.imap_user).lower()

    @property
    def hold_sound(self) -> str:
        """Return the address of the hold sound."""
        return self.hold_sound_url or f"{self.outside}/sounds/hold-1.wav"

    @property
    def outside(self) -> str:
        """Return the base address that others call us by, without a slash at its end."""
        return (self.public_url or f"{self.intake_url}{self.public_prefix}").rstrip("/")
