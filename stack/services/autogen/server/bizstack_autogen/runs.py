"""Runs that are at work in this process, and what callers want of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from . import metrics
from .agents import Shared
from .errors import Cancelled, ServiceError, Stopping, TimeSpent
from .models import Model, check_origin
from .quoting import Quoter
from .schema import SUPERVISOR, Limits, ModelSettings, Result, ResumeRequest, StartRequest, TeamSpec, Waiting
from .settings import Settings
from .store import Run, Store
from .team import Finished, HandedOff, NeedsResults, Team, TurnEnd
from .usage import require_price

Event = dict[str, Any]

_log = logging.getLogger("bizstack.autogen")
# How often a run asks whether another process was told to cancel it.
_CANCEL_POLL_SECONDS = 1.0
_CANCEL_WAIT_SECONDS = 5.0
_PING_SECONDS = 10.0


class Active:
    """A run at work, and who listens."""

    def __init__(self) -> None:
        self.model: Model | None = None
        self.task: asyncio.Task[None] | None = None
        self._reason: ServiceError | None = None
        self._listeners: list[asyncio.Queue[Event | None]] = []

    def listen(self) -> asyncio.Queue[Event | None]:
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._listeners.append(queue)
        return queue

    def leave(self, queue: asyncio.Queue[Event | None]) -> None:
        self._listeners.remove(queue)

    def tell(self, event: Event | None) -> None:
        for queue in self._listeners:
            queue.put_nowait(event)

    def stop(self, reason: ServiceError) -> None:
        self._reason = self._reason or reason
        if self.model is not None:
            self.model.stop(reason)

    def attach(self, model: Model) -> None:
        self.model = model
        if self._reason is not None:
            model.stop(self._reason)


class Runs:
    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._active: dict[str, Active] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def start(self, request: StartRequest) -> AsyncIterator[Event]:
        """Events of a new run, or of the one that has this id."""
        check_origin(self._settings, request.model)
        spec = TeamSpec.model_validate(request.model_dump(include=set(TeamSpec.model_fields)))
        run = await self._store.open_run(request.run_id, request.user_id, request.contact_id, spec, Quoter().nonce)
        _check_user(run, request.user_id)
        return await self._go(run, request.model, request.limits)

    async def resume(self, run_id: str, request: ResumeRequest) -> AsyncIterator[Event]:
        """Events of a run that goes on: with the results it waits for, or, with none, where it broke off."""
        check_origin(self._settings, request.model)
        run = await self._store.get(run_id)
        _check_user(run, request.user_id)
        if request.results:
            run = await self._accept(run, request.results)
        return await self._go(run, request.model, request.limits)

    async def cancel(self, run_id: str) -> str:
        """Ends a run, wherever it is at work. Does nothing when it has ended. Gives the status."""
        run = await self._store.get(run_id)
        if run.status in ("running", "waiting"):
            await self._store.request_cancel(run_id)
            active = self._active.get(run_id)
            if active is not None and active.task is not None:
                active.stop(Cancelled())
                await asyncio.wait({active.task}, timeout=_CANCEL_WAIT_SECONDS)
            else:
                await self._cancel_idle(run_id)
            run = await self._store.get(run_id)
        return run.status

    async def _cancel_idle(self, run_id: str) -> None:
        """For a run that waits, or whose process died. Another process that works on it has been told."""
        try:
            async with self._store.locked(run_id):
                run = await self._store.get(run_id)
                if run.status in ("running", "waiting"):
                    await self._store.finish(run_id, "cancelled", _ended(run, "cancelled"), run.usage)
        except ServiceError as error:
            if error.code != "BIZ_AUTOGEN_RUN_BUSY":
                raise

    async def look(self, run_id: str) -> dict[str, Any]:
        run = await self._store.get(run_id)
        return {
            "runId": run.run_id,
            "status": run.status,
            "outcome": run.outcome if run.status != "waiting" else None,
            "waiting": _waiting_event(run) if run.status == "waiting" else None,
            "usage": run.usage.as_event(),
        }

    async def forget_contact(self, contact_id: str) -> int:
        removed = await self._store.forget_contact(contact_id)
        for run_id in removed:
            if (active := self._active.get(run_id)) is not None:
                active.stop(Cancelled())
        return len(removed)

    def stop(self) -> None:
        """Ends the work at the last state that was kept; callers are told to come again."""
        self._stopping = True
        for active in self._active.values():
            active.stop(Stopping())

    async def wait(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=10)

    async def _accept(self, run: Run, results: tuple[Result, ...]) -> Run:
        given = sorted(results, key=lambda result: result.call_id)
        if run.status == "waiting" and run.waiting is not None:
            wanted = sorted(call.call_id for call in run.waiting.calls)
            if [result.call_id for result in given] != wanted:
                raise ServiceError(
                    "BIZ_AUTOGEN_RESULTS_MISSING",
                    "Exactly one result is needed for each call that waits.",
                    status=422,
                    hint=f"Calls that wait: {', '.join(wanted)}.",
                )
            await self._store.accept(run.run_id, results)
            run = await self._store.get(run.run_id)
        if run.results is None or sorted(run.results, key=lambda result: result.call_id) != given:
            raise ServiceError(
                "BIZ_AUTOGEN_RESULTS_CONFLICT",
                f"The run {run.run_id} waits for no such results.",
                status=409,
                hint="Others were handed in before; get the run to see where it stands.",
            )
        return run

    async def _go(self, run: Run, model: ModelSettings, limits: Limits) -> AsyncIterator[Event]:
        started = {"type": "started", "runId": run.run_id, "members": [member.name for member in run.spec.members]}
        if run.status == "completed" and run.outcome is not None:
            return _told([started, run.outcome])
        if run.status == "waiting":
            return _told([started, _waiting_event(run)])
        active = self._active.get(run.run_id)
        if active is None:
            require_price(limits, model.price, run.usage, model.model)
            if self._stopping:
                raise Stopping()
            if len(self._active) >= self._settings.max_runs:
                raise ServiceError(
                    "BIZ_AUTOGEN_TOO_MANY_RUNS",
                    f"{len(self._active)} runs are at work.",
                    status=429,
                    hint="Try again later, or raise AUTOGEN_MAX_RUNS.",
                    retryable=True,
                )
            active = self._active[run.run_id] = Active()
            queue = active.listen()
            active.task = asyncio.create_task(self._work(run.run_id, active, model, limits))
            self._tasks.add(active.task)
            active.task.add_done_callback(self._tasks.discard)
        else:
            queue = active.listen()
        return _follow(started, active, queue)

    async def _work(self, run_id: str, active: Active, model: ModelSettings, limits: Limits) -> None:
        metrics.ACTIVE.inc()
        end: Event
        try:
            async with self._store.locked(run_id):
                end = await self._segment(run_id, active, model, limits)
        except ServiceError as error:
            end = await self._failed(run_id, error, active)
        except Exception as error:
            _log.error("run failed: %s", type(error).__name__, exc_info=error)
            fault = ServiceError("BIZ_AUTOGEN_INTERNAL", f"The service failed ({type(error).__name__}).")
            end = await self._failed(run_id, fault, active)
        finally:
            metrics.ACTIVE.dec()
            del self._active[run_id]
        metrics.RUNS.labels(end["type"]).inc()
        active.tell(end)
        active.tell(None)

    async def _segment(self, run_id: str, active: Active, settings: ModelSettings, limits: Limits) -> Event:
        run = await self._store.get(run_id)
        # Somebody else may have worked on it until now.
        if run.status == "completed" and run.outcome is not None:
            return run.outcome
        if run.status == "waiting":
            return _waiting_event(run)
        await self._store.running(run_id)
        model = Model(settings, limits, run.usage)
        active.attach(model)
        watch = asyncio.create_task(self._watch(run_id, active))
        try:
            return await self._turns(run, active, model, limits)
        finally:
            watch.cancel()
            await model.close()

    async def _turns(self, run: Run, active: Active, model: Model, limits: Limits) -> Event:
        shared = Shared(model=model, quoter=Quoter(run.nonce), limits=limits)
        team = Team(run.spec, shared)
        if run.state is not None:
            await team.load(run.state)
        results = None if run.delivered else run.results
        started = run.state is not None
        while True:
            model.check()
            if model.usage.is_spent(limits):
                return await self._completed(run, team.last_words, "budget", model)
            words = team.last_words
            try:
                if results is not None and run.waiting is not None:
                    end = await team.deliver(run.waiting.member, results)
                else:
                    end = await (team.go_on() if started else team.begin())
            except TimeSpent:
                return await self._completed(run, words, "budget", model)
            results, started = None, True
            if isinstance(end, Finished):
                return await self._completed(run, end.text, end.reason, model)
            waiting = (
                Waiting(member=end.member, task=end.task, round=end.round, calls=end.calls)
                if isinstance(end, NeedsResults)
                else None
            )
            await self._store.after_turn(run.run_id, await team.save(), model.usage, waiting)
            active.tell({"type": "usage", "runId": run.run_id, "usage": model.usage.as_event()})
            for event in _events_of(run.run_id, end):
                active.tell(event)
            if waiting is not None:
                for call in waiting.calls:
                    metrics.CALLS.labels(call.label).inc()
                return _waiting_event(replace(run, waiting=waiting, usage=model.usage))

    async def _completed(self, run: Run, text: str, reason: str, model: Model) -> Event:
        outcome = {
            "type": "completed",
            "runId": run.run_id,
            "text": text,
            "reason": reason,
            "usage": model.usage.as_event(),
        }
        await self._store.finish(run.run_id, "completed", outcome, model.usage)
        return outcome

    async def _failed(self, run_id: str, error: ServiceError, active: Active) -> Event:
        """The event of a failure; kept with the run, unless the run itself is all right."""
        end: Event = {"type": "failed", "runId": run_id, "code": error.code, "message": error.message}
        if isinstance(error, Cancelled):
            end = {"type": "cancelled", "runId": run_id}
        try:
            run = await self._store.get(run_id)
            usage = active.model.usage if active.model is not None else run.usage
            end["usage"] = usage.as_event()
            if active.model is not None and not isinstance(error, Stopping):
                await self._store.finish(run_id, "cancelled" if isinstance(error, Cancelled) else "failed", end, usage)
        except Exception as cause:
            _log.error("failure was not kept: %s", type(cause).__name__)
            end.setdefault("usage", active.model.usage.as_event() if active.model else _no_usage())
        return end

    async def _watch(self, run_id: str, active: Active) -> None:
        while True:
            await asyncio.sleep(_CANCEL_POLL_SECONDS)
            try:
                asked = await self._store.is_cancel_requested(run_id)
            except Exception as error:
                _log.warning("cancellation could not be looked up: %s", type(error).__name__)
                continue
            if asked:
                active.stop(Cancelled())
                return


async def _told(events: list[Event]) -> AsyncIterator[Event]:
    for event in events:
        yield event


async def _follow(started: Event, active: Active, queue: asyncio.Queue[Event | None]) -> AsyncIterator[Event]:
    try:
        yield started
        while True:
            try:
                event = await asyncio.wait_for(queue.get(), _PING_SECONDS)
            except TimeoutError:
                # Keeps the connection open, and shows the caller that somebody is there.
                yield {"type": "ping"}
                continue
            if event is None:
                return
            yield event
    finally:
        active.leave(queue)


def _events_of(run_id: str, end: TurnEnd) -> list[Event]:
    if not isinstance(end, HandedOff):
        return []
    if end.source == SUPERVISOR:
        return [
            {
                "type": "hand_off",
                "runId": run_id,
                "from": end.source,
                "to": end.target,
                "task": end.text,
                "round": end.round,
            }
        ]
    return [{"type": "message", "runId": run_id, "from": end.source, "text": end.text}] if end.said else []


def _waiting_event(run: Run) -> Event:
    waiting = run.waiting
    calls = [] if waiting is None else waiting.calls
    return {
        "type": "tool_calls",
        "runId": run.run_id,
        "from": "" if waiting is None else waiting.member,
        "task": "" if waiting is None else waiting.task,
        "round": 0 if waiting is None else waiting.round,
        "calls": [call.model_dump(mode="json", by_alias=True, exclude_none=True) for call in calls],
        "usage": run.usage.as_event(),
    }


def _ended(run: Run, kind: str) -> Event:
    return {"type": kind, "runId": run.run_id, "usage": run.usage.as_event()}


def _no_usage() -> dict[str, Any]:
    from .usage import Usage

    return Usage().as_event()


def _check_user(run: Run, user_id: str) -> None:
    if run.user_id != user_id:
        raise ServiceError(
            "BIZ_AUTOGEN_RUN_OTHER_USER",
            f"The run {run.run_id} belongs to another user.",
            status=403,
            hint="Resume it as the user it was started for.",
        )
