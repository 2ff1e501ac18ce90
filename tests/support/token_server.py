"""A token endpoint of OAuth2 on loopback: client credentials in, a token out, each one another."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

HOST = "127.0.0.1"


@dataclass(slots=True)
class TokenServer:
    """Gives tokens to one application; `answers` are given instead, one after the other."""

    client_id: str = "app-1"
    client_secret: str = "hemligt"
    expires_in: int = 3600
    user: str = ""
    """Whom the mail server is told, at `/introspect`, that a token of ours stands for."""
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    port: int = 0
    silent: threading.Event | None = None

    @property
    def token_url(self) -> str:
        """Where tokens are asked for."""
        return f"http://{HOST}:{self.port}/token"

    @property
    def introspection_url(self) -> str:
        """Where a mail server asks what a token is worth (RFC 7662)."""
        return f"http://{HOST}:{self.port}/introspect"

    def answer(self, form: dict[str, str]) -> tuple[int, bytes]:
        """Answer a request for a token."""
        self.asked.append(form)
        if self.answers:
            return self.answers.pop(0)
        if (form.get("client_id"), form.get("client_secret")) != (self.client_id, self.client_secret):
            told = {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."}
            return 401, json.dumps(told).encode()
        self.given.append(f"token-{len(self.given) + 1}")
        token = {"access_token": self.given[-1], "token_type": "Bearer", "expires_in": self.expires_in}
        return 200, json.dumps(token).encode()

    def worth(self, token: str) -> dict[str, object]:
        """Say what a token is worth: the newest is good."""
        good = bool(self.given) and token == self.given[-1]
        return {"active": good} | ({"username": self.user, "email": self.user} if good else {})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """Say nothing of a client that has given up."""


@contextmanager
def token_server(made: TokenServer | None = None) -> Iterator[TokenServer]:
    """Run the endpoint as long as the block lasts."""
    state = made or TokenServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
            if self.path.startswith("/introspect"):
                self._send(200, json.dumps(state.worth(form.get("token", ""))).encode())
                return
            if state.silent:
                state.silent.wait()
            self._send(*state.answer(form))

        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            token = (query.get("token") or [self.headers.get("authorization", "").removeprefix("Bearer ")])[0]
            self._send(200, json.dumps(state.worth(token)).encode())

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with _Server((HOST, 0), Handler) as server:
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
