"""The library from Lua's side: its helpers are called where they live, joined with the production files as at load."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from services.router.settings import Settings
from services.router.store.library import read_library

pytestmark = pytest.mark.integration

FOLDER = Path(__file__).parent / "lua"
NAMES = {
    match: path.stem
    for path in sorted(FOLDER.glob("*.lua"))
    for match in re.findall(r"^test\('([^']+)'", path.read_text(encoding="utf-8"), re.MULTILINE)
}
HARNESS = """
local tests = {}
local function test(name, body) tests[name] = body end
local function equal(found, wanted)
  if found ~= wanted then error('found ' .. tostring(found) .. ', wanted ' .. tostring(wanted), 2) end
end
"""
RUN = """
redis.register_function('run_a_test', function(_, args)
  local good, fault = pcall(tests[args[1]])
  return good and 'good' or tostring(fault)
end)
"""


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[Redis]:
    library = read_library(Settings(redis=redis_url))
    files = "\n".join(path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.lua")))
    production = library.source.split("\n", 1)[1].replace("redis.register_function('", "redis.register_function('test_")
    redis = Redis.from_url(redis_url)
    source = f"#!lua name=kc_router_tests\n{production}\n{HARNESS}\n{files}\n{RUN}"
    await redis.function_load(source, replace=True)
    yield redis
    await redis.function_delete("kc_router_tests")
    await redis.aclose()


@pytest.mark.parametrize("name", NAMES)
async def test_in_lua(store: Redis, name: str):
    found: Any = await store.fcall("run_a_test", 1, "{test}", name)
    assert found == b"good", f"{NAMES[name]}.lua: {name}: {found.decode()}"
