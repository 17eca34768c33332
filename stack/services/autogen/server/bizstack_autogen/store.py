"""Runs in PostgreSQL, in a schema of its own: every replica can cancel or resume every run."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

import asyncpg

from .errors import ServiceError
from .schema import Result, TeamSpec, Waiting
from .usage import Usage

# Applied in this order, each once; never change one that was released, add another. json and not jsonb where text
# of models stands: it may hold characters that jsonb does not take.
_MIGRATIONS = (
    """CREATE TABLE {schema}.runs (
         run_id text PRIMARY KEY,
         user_id text NOT NULL,
         contact_id text,
         status text NOT NULL DEFAULT 'running'
           CHECK (status IN ('running', 'waiting', 'completed', 'failed', 'cancelled')),
         spec json NOT NULL,
         nonce text NOT NULL,
         state json,
         waiting json,
         results json,
         delivered boolean NOT NULL DEFAULT true,
         outcome json,
         usage json NOT NULL,
         cancel_requested boolean NOT NULL DEFAULT false,
         created_at timestamptz NOT NULL DEFAULT now(),
         updated_at timestamptz NOT NULL DEFAULT now()
       );
       CREATE INDEX runs_contact ON {schema}.runs (contact_id) WHERE contact_id IS NOT NULL;
       CREATE INDEX runs_updated ON {schema}.runs (updated_at)""",
)


@dataclass(frozen=True)
class Run:
    run_id: str
    user_id: str
    status: str
    spec: TeamSpec
    nonce: str
    # AutoGen's state of the team after the last turn; None before the first.
    state: dict[str, Any] | None
    waiting: Waiting | None
    # What was handed in last, and whether the team has it.
    results: tuple[Result, ...] | None
    delivered: bool
    outcome: dict[str, Any] | None
    usage: Usage


class Store:
    def __init__(self, pool: asyncpg.Pool, url: str, schema: str) -> None:
        self._pool = pool
        self._url = url
        self._schema = schema
        self._runs = f"{schema}.runs"

    @classmethod
    async def open(cls, url: str, schema: str) -> Store:
        pool = await asyncpg.create_pool(url, min_size=1, max_size=8, command_timeout=30)
        store = cls(pool, url, schema)
        await store._migrate()
        return store

    async def close(self) -> None:
        await self._pool.close()

    async def check(self) -> None:
        await self._pool.execute("SELECT 1")

    async def open_run(self, run_id: str, user_id: str, contact_id: str | None, spec: TeamSpec, nonce: str) -> Run:
        """The run as it is: new, or as an earlier request with this id made it."""
        await self._pool.execute(
            f"INSERT INTO {self._runs} (run_id, user_id, contact_id, spec, nonce, usage)"
            " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (run_id) DO NOTHING",
            *(run_id, user_id, contact_id, spec.model_dump_json(by_alias=True), nonce, _json(asdict(Usage()))),
        )
        return await self.get(run_id)

    async def get(self, run_id: str) -> Run:
        """Raises ServiceError when there is none."""
        row = await self._pool.fetchrow(f"SELECT * FROM {self._runs} WHERE run_id = $1", run_id)
        if row is None:
            raise gone(run_id)
        return _run(row)

    async def accept(self, run_id: str, results: tuple[Result, ...]) -> bool:
        """Takes the results a run waits for; False when somebody was faster."""
        status = await self._pool.execute(
            f"UPDATE {self._runs} SET status = 'running', results = $2, delivered = false, cancel_requested = false,"
            " updated_at = now() WHERE run_id = $1 AND status = 'waiting'",
            *(run_id, _results_json(results)),
        )
        return bool(status == "UPDATE 1")

    async def running(self, run_id: str) -> None:
        """Takes back a request to cancel: somebody resumes it."""
        await self._changed(run_id, "status = 'running', cancel_requested = false, outcome = NULL")

    async def after_turn(self, run_id: str, state: dict[str, Any], usage: Usage, waiting: Waiting | None) -> None:
        await self._changed(
            run_id,
            "state = $2, usage = $3, waiting = $4, status = $5, delivered = true",
            *(_json(state), _json(asdict(usage))),
            *(None if waiting is None else waiting.model_dump_json(by_alias=True), "waiting" if waiting else "running"),
        )

    async def finish(self, run_id: str, status: str, outcome: dict[str, Any], usage: Usage) -> None:
        await self._changed(
            run_id, "status = $2, outcome = $3, usage = $4", status, _json(outcome), _json(asdict(usage))
        )

    async def request_cancel(self, run_id: str) -> None:
        await self._changed(run_id, "cancel_requested = true")

    async def is_cancel_requested(self, run_id: str) -> bool:
        """True also when the run is gone."""
        asked = await self._pool.fetchval(f"SELECT cancel_requested FROM {self._runs} WHERE run_id = $1", run_id)
        return asked is not False

    async def forget_contact(self, contact_id: str) -> list[str]:
        rows = await self._pool.fetch(f"DELETE FROM {self._runs} WHERE contact_id = $1 RETURNING run_id", contact_id)
        return [row["run_id"] for row in rows]

    async def remove_older(self, days: int) -> None:
        await self._pool.execute(f"DELETE FROM {self._runs} WHERE updated_at < now() - make_interval(days => $1)", days)

    @asynccontextmanager
    async def locked(self, run_id: str) -> AsyncIterator[None]:
        """Keeps every other process off the run. The lock belongs to a connection and ends with the process."""
        connection = await asyncpg.connect(self._url, timeout=30)
        try:
            name = f"{self._schema}.run:{run_id}"
            if not await connection.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", name):
                raise ServiceError(
                    "BIZ_AUTOGEN_RUN_BUSY",
                    f"Another process works on the run {run_id}.",
                    status=409,
                    hint="Wait for that to end; it does not happen twice.",
                    retryable=True,
                )
            yield
        finally:
            await connection.close()

    async def _changed(self, run_id: str, sets: str, *values: object) -> None:
        status = await self._pool.execute(
            f"UPDATE {self._runs} SET {sets}, updated_at = now() WHERE run_id = $1", run_id, *values
        )
        if status != "UPDATE 1":
            raise gone(run_id)

    async def _migrate(self) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"migrate:{self._schema}")
            # Asked first: a role that may not make schemas can be given one.
            if await connection.fetchval("SELECT to_regnamespace($1) IS NULL", self._schema):
                await connection.execute(f"CREATE SCHEMA {self._schema}")
            await connection.execute(
                f"CREATE TABLE IF NOT EXISTS {self._schema}.migrations"
                " (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
            )
            rows = await connection.fetch(f"SELECT version FROM {self._schema}.migrations")
            applied = {row["version"] for row in rows}
            for version, sql in enumerate(_MIGRATIONS):
                if version not in applied:
                    await connection.execute(sql.format(schema=self._schema))
                    await connection.execute(f"INSERT INTO {self._schema}.migrations (version) VALUES ($1)", version)


def gone(run_id: str) -> ServiceError:
    return ServiceError(
        "BIZ_AUTOGEN_RUN_GONE",
        f"There is no run {run_id}.",
        status=404,
        hint="It may have been removed with its contact, or because it is old.",
    )


def _run(row: asyncpg.Record) -> Run:
    def read(name: str) -> Any:
        return None if row[name] is None else json.loads(row[name])

    results = read("results")
    return Run(
        run_id=row["run_id"],
        user_id=row["user_id"],
        status=row["status"],
        spec=TeamSpec.model_validate(read("spec")),
        nonce=row["nonce"],
        state=read("state"),
        waiting=None if row["waiting"] is None else Waiting.model_validate_json(row["waiting"]),
        results=None if results is None else tuple(Result.model_validate(result) for result in results),
        delivered=row["delivered"],
        outcome=read("outcome"),
        usage=Usage(**read("usage")),
    )


def _results_json(results: tuple[Result, ...]) -> str:
    return _json([result.model_dump(mode="json", by_alias=True) for result in results])


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False)
