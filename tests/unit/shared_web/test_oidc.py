"""Login by a provider: a hand-made one that signs tokens, honest and otherwise."""

import base64
import hashlib
import subprocess
import sys
import time
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI, Form, Request, Response
from joserfc import jwt
from joserfc.jwk import ECKey
from pydantic import SecretStr

from shared.errors import TransientError
from shared.web.oidc import LoginFailedError, Oidc, OidcSettings

ISSUER = "http://idp.example"


class Provider:
    """An OpenID provider: hands out codes, checks PKCE and secret, signs what `claims` say."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", parameters={"kid": "one", "use": "sig", "alg": "ES256"})
        self.signing_key = self.key
        self.claims: dict[str, Any] = {}
        self.asked: dict[str, str] = {}
        self.app = FastAPI()
        self._add_doors()

    def _add_doors(self) -> None:
        @self.app.get("/.well-known/openid-configuration")
        async def metadata() -> dict[str, str]:
            return {
                "issuer": ISSUER,
                "authorization_endpoint": f"{ISSUER}/authorize",
                "token_endpoint": f"{ISSUER}/token",
                "jwks_uri": f"{ISSUER}/keys",
            }

        @self.app.get("/keys")
        async def keys() -> dict[str, Any]:
            return {"keys": [self.key.as_dict(private=False)]}

        @self.app.post("/token")
        async def token(request: Request, code: Annotated[str, Form()], code_verifier: Annotated[str, Form()]) -> Any:
            challenge = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()
            secret = base64.b64decode(request.headers["authorization"].split()[1]).decode()
            if (code, challenge, secret) != ("the-code", self.asked["code_challenge"], "kc:hush"):
                return Response(status_code=400)
            return {"id_token": self.sign(), "token_type": "Bearer", "access_token": "x"}

    def sign(self) -> str:
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": "kc", "sub": "1", "exp": now + 60, "iat": now, "nonce": self.asked["nonce"]}
        claims |= {"email": "per.dahl@kommun.example"} | self.claims
        return jwt.encode({"alg": "ES256", "kid": "one"}, claims, self.signing_key)

    def remember(self, address: str) -> None:
        """Note what the browser was sent with."""
        self.asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def oidc(provider) -> Oidc:
    settings = OidcSettings(issuer=ISSUER, client_id="kc", client_secret=SecretStr("hush"))
    return Oidc(settings, b"k" * 32, httpx.ASGITransport(provider.app))


async def begin(oidc: Oidc, provider: Provider) -> str:
    address, cookie = await oidc.begin("/desk", "http://testserver/login/callback")
    provider.remember(address)
    return cookie


async def test_a_person_comes_back_named_and_to_where_she_was_going(oidc, provider):
    cookie = await begin(oidc, provider)
    assert provider.asked["response_type"] == "code"
    assert provider.asked["code_challenge_method"] == "S256"
    found = await oidc.finish(cookie, state=provider.asked["state"], code="the-code")
    assert found == ("per.dahl@kommun.example", "/desk")


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "http://evil.example"},
        {"aud": "another-client"},
        {"nonce": "of-another-login"},
        {"exp": 1_000_000_000},
        {"email": None},
        {"email": ""},
    ],
    ids=str,
)
async def test_a_token_that_is_not_for_this_login_is_refused(oidc, provider, claims):
    cookie = await begin(oidc, provider)
    provider.claims = claims
    with pytest.raises(LoginFailedError):
        await oidc.finish(cookie, state=provider.asked["state"], code="the-code")


async def test_a_token_signed_by_somebody_else_is_refused(oidc, provider):
    cookie = await begin(oidc, provider)
    provider.signing_key = ECKey.generate_key("P-256", parameters={"kid": "one"})
    with pytest.raises(LoginFailedError):
        await oidc.finish(cookie, state=provider.asked["state"], code="the-code")


async def test_a_wrong_state_code_or_cookie_is_refused(oidc, provider):
    cookie = await begin(oidc, provider)
    state = provider.asked["state"]
    for cookie_sent, state_sent, code in [
        (cookie, "another", "the-code"),
        (cookie, state, "guessed"),
        (cookie[:-1] + ("0" if cookie[-1] != "0" else "1"), state, "the-code"),
        ("", state, "the-code"),
    ]:
        with pytest.raises(LoginFailedError):
            await oidc.finish(cookie_sent, state=state_sent, code=code)


async def test_a_login_that_took_too_long_is_refused(oidc, provider, monkeypatch):
    cookie = await begin(oidc, provider)
    late = time.time() + 700
    monkeypatch.setattr("shared.web.oidc.time.time", lambda: late)
    with pytest.raises(LoginFailedError):
        await oidc.finish(cookie, state=provider.asked["state"], code="the-code")


async def test_a_provider_that_does_not_answer_is_worth_another_try():
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    oidc = Oidc(OidcSettings(issuer=ISSUER), b"k" * 32, httpx.MockTransport(refuse))
    with pytest.raises(TransientError):
        await oidc.begin("/", "http://testserver/login/callback")


def test_without_a_provider_its_libraries_are_not_imported():
    code = (
        "import sys, services.casework.main; "
        "print(sorted({'authlib', 'joserfc'} & {name.split('.')[0] for name in sys.modules}))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
    assert "Deprecation" not in found.stderr
