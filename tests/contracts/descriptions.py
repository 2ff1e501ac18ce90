"""The committed descriptions of every door: OpenAPI of the HTTP doors, AsyncAPI of the topics.

`python -m tests.contracts.descriptions` writes `docs/api/`; the test beside it fails when a door and its file differ.
"""

import asyncio
import importlib
import json
from pathlib import Path
from typing import Any

import httpx

SERVICES = ("intake", "router", "casework", "stats")
FOLDER = Path(__file__).parents[2] / "docs" / "api"


def described(service: str) -> dict[str, str]:
    """Return the files of a service by name, as they would be now; nothing is connected for it."""
    settings = importlib.import_module(f"services.{service}.settings").Settings()
    app = importlib.import_module(f"services.{service}.main").create_app(settings)
    asyncapi = asyncio.run(_asked(app, "/asyncapi"))
    return {f"{service}.openapi.json": _text(app.openapi()), f"{service}.asyncapi.json": _text(asyncapi)}


async def _asked(app: Any, path: str) -> Any:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer = await client.get(path)
        answer.raise_for_status()
        return json.loads(answer.text)


def _text(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main() -> None:
    """Write every file."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for service in SERVICES:
        for name, text in described(service).items():
            (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
