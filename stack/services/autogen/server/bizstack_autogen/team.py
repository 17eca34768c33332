"""A run's team on AutoGen's Swarm, one turn at a time, so that the state between turns can be kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autogen_agentchat.messages import BaseChatMessage, HandoffMessage, StopMessage, TextMessage
from autogen_agentchat.teams import Swarm

from .agents import Member, Shared, Supervisor
from .errors import ServiceError
from .schema import CLIENT, SUPERVISOR, PendingCall, Result, TeamSpec


@dataclass(frozen=True)
class HandedOff:
    source: str
    target: str
    text: str
    round: int
    # False for what code wrote, not the member.
    said: bool


@dataclass(frozen=True)
class NeedsResults:
    member: str
    task: str
    round: int
    calls: tuple[PendingCall, ...]


@dataclass(frozen=True)
class Finished:
    text: str
    reason: str


# None when the same agent goes on.
TurnEnd = HandedOff | NeedsResults | Finished | None


class Team:
    """Not safe to share; after a turn that raised, make a new one from the last state."""

    def __init__(self, spec: TeamSpec, shared: Shared) -> None:
        self._spec = spec
        self._shared = shared
        self._supervisor = Supervisor(spec, shared)
        self._members = {member.name: Member(member, spec.member_prompt, shared) for member in spec.members}
        # One turn is one answer of a model.
        self._swarm = Swarm([self._supervisor, *self._members.values()], max_turns=1)

    async def load(self, state: Mapping[str, Any]) -> None:
        await self._swarm.load_state(state)

    async def save(self) -> dict[str, Any]:
        return dict(await self._swarm.save_state())

    @property
    def last_words(self) -> str:
        return self._supervisor.last_words

    async def begin(self) -> TurnEnd:
        quote = self._shared.quoter.quote
        parts = [self._spec.task, *(quote(part.source, part.text) for part in self._spec.data)]
        return await self._turn(TextMessage(content="\n\n".join(parts), source="user"))

    async def go_on(self) -> TurnEnd:
        return await self._turn(None)

    async def deliver(self, member: str, results: Sequence[Result]) -> TurnEnd:
        return await self._turn(self._members[member].deliver(results))

    async def _turn(self, task: BaseChatMessage | None) -> TurnEnd:
        last: object = None
        self._shared.fault = None
        async for message in self._swarm.run_stream(task=task, output_task_messages=False):
            if isinstance(message, BaseChatMessage):
                last = message
        if self._shared.fault is not None:
            raise self._shared.fault
        if isinstance(last, StopMessage):
            return Finished(last.content, last.metadata["reason"])
        if not isinstance(last, HandoffMessage):
            return None
        if last.target == CLIENT:
            member = self._members[last.source]
            return NeedsResults(member.name, member.task, self._supervisor.round, tuple(member.pending))
        if last.target != SUPERVISOR and last.target not in self._members:
            raise ServiceError("BIZ_AUTOGEN_INTERNAL", "A hand-off leads nowhere.", status=500)
        return HandedOff(last.source, last.target, last.content, self._supervisor.round, "by" not in last.metadata)
