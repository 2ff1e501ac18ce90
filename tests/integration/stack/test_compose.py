"""The compose file is read by the client that is installed, 1.29 or 2.x."""

import shutil
import subprocess

import pytest

from deploy.local.paths import PROJECT
from deploy.prepare import SERVICES

pytestmark = pytest.mark.integration


def compose() -> list[str]:
    """Return the installed client's command, preferring the plugin."""
    if shutil.which("docker"):
        plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
        if plugin.returncode == 0:
            return ["docker", "compose"]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    pytest.skip("no compose client (docker compose, docker-compose) is installed")


def test_the_compose_file_is_valid_and_names_the_whole_product():
    command = compose()
    done = subprocess.run([*command, "config"], cwd=PROJECT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    listed = subprocess.run([*command, "config", "--services"], cwd=PROJECT, capture_output=True, text=True, check=True)
    needed = {*SERVICES, "proxy", "migrate", "kafka", "redis", "postgres", "mail", "oidc"}
    assert needed == set(listed.stdout.split())
