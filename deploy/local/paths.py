"""Where the local stack keeps things: everything below `var/`, which git ignores."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
VAR = PROJECT / "var"
CACHE = VAR / "cache"
STATE = VAR / "local"
CHECKSUMS = Path(__file__).with_name("checksums.txt")
VENDOR = PROJECT / "shared" / "web" / "static" / "vendor"
