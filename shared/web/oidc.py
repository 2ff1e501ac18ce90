"""Login by OpenID Connect: authorization code with PKCE, state and nonce kept in a signed cookie for ten minutes.

Its libraries are imported at the first login: where no provider is configured, nobody pays for them.
"""

import hashlib
import hmac
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import orjson
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import DomainError, TransientError

COOKIE = "kc_login"
_LIFE = 600
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]


class LoginFailedError(DomainError):
    """The login provider's answer does not hold: forged, late, or for somebody else."""

    type = "login-failed"
    status = 400
    title = "Inloggningen gick inte att slutföra. Börja om."


class OidcSettings(BaseSettings):
    """The login provider, from `KC_OIDC_*`; without an issuer there is none."""

    model_config = SettingsConfigDict(env_prefix="KC_OIDC_", extra="ignore")

    issuer: str = Field("", description="Issuer URL; `/.well-known/openid-configuration` is read below it.")
    client_id: str = Field("kontaktcenter", description="Our client id at the provider.")
    client_secret: SecretStr = Field(SecretStr(""), description="Our client secret; empty for a public client.")
    scope: str = Field("openid profile email", description="What is asked for.")
    claim: str = Field("email", description="The claim that says which person it is, by her id or address.")
    redirect_uri: str = Field("", description="Where the provider sends people back; by default made of the request.")


@dataclass(frozen=True, slots=True)
class Attempt:
    """A login under way: what the answer must match, and where the person wanted to go."""

    state: str
    nonce: str
    verifier: str
    next: str
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Oidc:
    """The two halves of a login; `key` signs the cookie that ties them together."""

    settings: OidcSettings
    key: bytes
    transport: httpx.AsyncBaseTransport | None = None

    async def begin(self, next_address: str, redirect_uri: str) -> tuple[str, str]:
        """Return where the browser is sent, and the cookie to hand it."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # noqa: PLC0415 - only with a provider
        from authlib.oauth2.rfc7636 import create_s256_code_challenge  # noqa: PLC0415 - only with a provider

        target = self.settings.redirect_uri or redirect_uri
        attempt = Attempt(
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
            next=next_address,
            redirect_uri=target,
        )
        metadata = await self._metadata()
        address = prepare_grant_uri(
            metadata["authorization_endpoint"],
            self.settings.client_id,
            "code",
            redirect_uri=target,
            scope=self.settings.scope,
            state=attempt.state,
            nonce=attempt.nonce,
            code_challenge=create_s256_code_challenge(attempt.verifier),
            code_challenge_method="S256",
        )
        return str(address), self._seal(attempt)

    async def finish(self, cookie: str, *, state: str, code: str) -> tuple[str, str]:
        """Return the value of the claim and where the person wanted to go; LoginFailedError if anything is off."""
        attempt = self._open(cookie)
        if not hmac.compare_digest(attempt.state.encode(), state.encode()):
            raise LoginFailedError
        metadata = await self._metadata()
        token = await self._exchange(metadata["token_endpoint"], attempt, code)
        claims = await self._claims(metadata, str(token.get("id_token", "")), attempt.nonce)
        value = claims.get(self.settings.claim)
        if not isinstance(value, str) or not value:
            raise LoginFailedError
        return value, attempt.next

    async def _exchange(self, endpoint: str, attempt: Attempt, code: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": attempt.redirect_uri,
            "code_verifier": attempt.verifier,
        }
        secret = self.settings.client_secret.get_secret_value()
        if not secret:
            form["client_id"] = self.settings.client_id
        who = httpx.BasicAuth(quote(self.settings.client_id, safe=""), quote(secret, safe="")) if secret else None
        try:
            async with httpx.AsyncClient(timeout=5, transport=self.transport, auth=who) as client:
                answer = await client.post(endpoint, data=form, headers={"accept": "application/json"})
        except httpx.HTTPError as error:
            raise TransientError("The login provider does not answer.") from error
        if answer.status_code != 200:
            raise LoginFailedError
        token: dict[str, Any] = answer.json()
        return token

    async def _claims(self, metadata: dict[str, Any], id_token: str, nonce: str) -> dict[str, Any]:
        from joserfc import jwt  # noqa: PLC0415 - only with a provider
        from joserfc.errors import JoseError  # noqa: PLC0415 - only with a provider
        from joserfc.jwk import KeySet  # noqa: PLC0415 - only with a provider

        keys = KeySet.import_key_set(await self._get(metadata["jwks_uri"]))  # type: ignore[arg-type] # JSON of the provider
        rules = jwt.JWTClaimsRegistry(
            leeway=30,
            iss={"essential": True, "value": metadata["issuer"]},
            aud={"essential": True, "value": self.settings.client_id},
            exp={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            decoded = jwt.decode(id_token, keys, algorithms=_ALGORITHMS)
            rules.validate(decoded.claims)
        except (JoseError, ValueError) as error:
            raise LoginFailedError from error
        return decoded.claims

    async def _metadata(self) -> dict[str, Any]:
        return await self._get(self.settings.issuer.rstrip("/") + "/.well-known/openid-configuration")

    async def _get(self, address: str) -> dict[str, Any]:
        try:
            async with httpx.AsyncClient(timeout=5, transport=self.transport) as client:
                answer = await client.get(address)
                answer.raise_for_status()
                found: dict[str, Any] = answer.json()
                return found
        except httpx.HTTPError as error:
            raise TransientError("The login provider does not answer.") from error

    def _seal(self, attempt: Attempt) -> str:
        fields = [attempt.state, attempt.nonce, attempt.verifier, attempt.next, attempt.redirect_uri]
        body = urlsafe_b64encode(orjson.dumps([int(time.time()) + _LIFE, *fields])).decode()
        return f"{body}.{self._sign(body)}"

    def _open(self, cookie: str) -> Attempt:
        body, _, signature = cookie.partition(".")
        if not body or not hmac.compare_digest(signature.encode(), self._sign(body).encode()):
            raise LoginFailedError
        until, *fields = orjson.loads(urlsafe_b64decode(body))
        if until < time.time():
            raise LoginFailedError
        return Attempt(*fields)

    def _sign(self, body: str) -> str:
        return hmac.new(self.key, body.encode(), hashlib.sha256).hexdigest()
