"""Settings from the environment. A variable may end in `_FILE` and name a file that holds the value."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

_TOKEN_LEAST = 16
_SCHEMA = re.compile(r"^[a-z_][a-z0-9_]{0,62}$")
_DEFAULT_ORIGINS = "https://api.openai.com, https://api.anthropic.com"


class SettingsError(Exception):
    """What is wrong with the environment; names variables, never values of secrets."""


@dataclass(frozen=True)
class Settings:
    host: str
    port: int
    token: str
    database_url: str
    database_schema: str
    # (scheme, host, port); port None for any.
    model_origins: tuple[tuple[str, str, int | None], ...]
    max_body_bytes: int
    max_runs: int
    retention_days: int


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Raises SettingsError."""
    host = environment.get("AUTOGEN_HOST", "127.0.0.1")
    if not _is_loopback(host) and environment.get("AUTOGEN_ALLOW_REMOTE") != "true":
        raise SettingsError(f"AUTOGEN_HOST {host} is no loopback address; AUTOGEN_ALLOW_REMOTE=true permits it.")
    token = _required(environment, "AUTOGEN_TOKEN")
    if len(token) < _TOKEN_LEAST:
        raise SettingsError(f"AUTOGEN_TOKEN has less than {_TOKEN_LEAST} characters.")
    schema = environment.get("AUTOGEN_DATABASE_SCHEMA", "bizstack_autogen")
    if not _SCHEMA.match(schema):
        raise SettingsError("AUTOGEN_DATABASE_SCHEMA: use lower-case letters, digits and _.")
    return Settings(
        host=host,
        port=_number(environment, "AUTOGEN_PORT", 8098, 0, 65_535),
        token=token,
        database_url=_required(environment, "AUTOGEN_DATABASE_URL"),
        database_schema=schema,
        model_origins=_origins(environment.get("AUTOGEN_MODEL_ORIGINS", _DEFAULT_ORIGINS)),
        max_body_bytes=_number(environment, "AUTOGEN_MAX_BODY_MB", 8, 1, 64) * 1024 * 1024,
        max_runs=_number(environment, "AUTOGEN_MAX_RUNS", 20, 1, 500),
        retention_days=_number(environment, "AUTOGEN_RETENTION_DAYS", 30, 1, 3_650),
    )


def is_allowed_origin(origins: tuple[tuple[str, str, int | None], ...], url: str) -> bool:
    try:
        scheme, host, port = _origin(url)
    except ValueError:
        return False
    return any(scheme == s and host == h and p in (None, port) for s, h, p in origins)


def _origins(text: str) -> tuple[tuple[str, str, int | None], ...]:
    origins: list[tuple[str, str, int | None]] = []
    for entry in filter(None, (part.strip() for part in text.split(","))):
        any_port = entry.endswith(":*")
        try:
            scheme, host, port = _origin(entry.removesuffix(":*"))
        except ValueError as error:
            raise SettingsError(f'AUTOGEN_MODEL_ORIGINS: "{entry}" is no origin such as https://host.') from error
        origins.append((scheme, host, None if any_port else port))
    return tuple(origins)


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ValueError("no origin")
    return parts.scheme, parts.hostname.lower().rstrip("."), parts.port or (443 if parts.scheme == "https" else 80)


def _required(environment: Mapping[str, str], name: str) -> str:
    file = environment.get(f"{name}_FILE")
    value = environment.get(name, "").strip() if file is None else _read(name, Path(file))
    if not value:
        raise SettingsError(f"{name} or {name}_FILE is missing.")
    return value


def _read(name: str, path: Path) -> str:
    try:
        if path.stat().st_mode & 0o077:
            raise SettingsError(f"{name}_FILE: others may read {path}; set its mode to 0600.")
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{name}_FILE: {path} cannot be read: {error.strerror}.") from error


def _number(environment: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = environment.get(name, str(default))
    if not text.isdecimal() or not least <= int(text) <= most:
        raise SettingsError(f"{name}: a whole number from {least} to {most} is needed.")
    return int(text)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
