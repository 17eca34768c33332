"""`python -m bizstack_autogen`; settings come from the environment (README.md)."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys

from .settings import SettingsError, read_settings


def main() -> int:
    _set_up_logs()
    try:
        settings = read_settings()
    except SettingsError as error:
        print(f"BIZ_AUTOGEN_CONFIG_INVALID: {error}", file=sys.stderr)
        return 2
    # Takes seconds to load; what is wrong with the settings is said before.
    from .server import serve

    # uvicorn raises the signal again once it has shut down; here that is a normal end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        return asyncio.run(serve(settings))
    except KeyboardInterrupt:
        return 0


def _set_up_logs() -> None:
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # They log whole conversations, URLs and headers.
    for name in ("autogen_core", "autogen_core.events", "autogen_core.trace", "autogen_agentchat"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    for name in ("openai", "anthropic", "httpx", "httpx2", "httpcore", "httpcore2", "asyncio"):
        logging.getLogger(name).setLevel(logging.ERROR)
