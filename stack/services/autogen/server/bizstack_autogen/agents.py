"""The members of a team, as agents of AutoGen: they ask their model and say what is to happen next.

None of them carries anything out. A member that wants a tool hands off to the client, as AutoGen's agents hand off
to a person, and goes on with what comes back.
"""

from __future__ import annotations

import uuid
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autogen_agentchat.agents import BaseChatAgent
from autogen_agentchat.base import Response
from autogen_agentchat.messages import BaseChatMessage, HandoffMessage, StopMessage, TextMessage
from autogen_core import CancellationToken
from autogen_core.models import (
    AssistantMessage,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    LLMMessage,
    SystemMessage,
    UserMessage,
)
from autogen_core.tools import ToolSchema
from pydantic import TypeAdapter

from .errors import ServiceError
from .models import Answer, Call, Model
from .quoting import Quoter
from .schema import CLIENT, SUBMIT, SUPERVISOR, Limits, MemberSpec, PendingCall, Result, TeamSpec

_HAND_OFF = "hand_off_to_"
_TASK_MAX = 20_000
# Marks what code wrote: it is no text from outside.
_OURS = {"by": "service"}
_context_adapter: TypeAdapter[list[LLMMessage]] = TypeAdapter(list[LLMMessage])


@dataclass
class Shared:
    """What the agents of a run share while it is at work."""

    model: Model
    quoter: Quoter
    limits: Limits
    # Of the turn that failed: exceptions would pass through AutoGen's runtime and come out as text.
    fault: ServiceError | None = None


class TeamAgent(BaseChatAgent):
    """An agent with a conversation of its own that is kept with the team's state."""

    def __init__(self, name: str, description: str, prompt: str, shared: Shared) -> None:
        super().__init__(name, description)
        self._prompt = prompt
        self._shared = shared
        self._context: list[LLMMessage] = []

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (HandoffMessage, TextMessage, StopMessage)

    async def on_messages(self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken) -> Response:
        del cancellation_token  # The model is stopped by itself.
        try:
            return Response(chat_message=await self._speak(messages))
        except ServiceError as error:
            self._shared.fault = error
        except Exception as error:
            fault = ServiceError("BIZ_AUTOGEN_INTERNAL", f"A turn failed ({type(error).__name__}).", status=500)
            fault.__cause__ = error
            self._shared.fault = fault
        return Response(chat_message=TextMessage(content="failed", source=self.name))

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        del cancellation_token
        self._context = []

    async def save_state(self) -> Mapping[str, Any]:
        return {"context": _context_adapter.dump_python(self._context, mode="json"), **self._own_state()}

    async def load_state(self, state: Mapping[str, Any]) -> None:
        self._context = _context_adapter.validate_python(state["context"])
        self._load_own_state(state)

    @abstractmethod
    async def _speak(self, messages: Sequence[BaseChatMessage]) -> BaseChatMessage: ...

    @abstractmethod
    def _own_state(self) -> dict[str, Any]: ...

    @abstractmethod
    def _load_own_state(self, state: Mapping[str, Any]) -> None: ...

    async def _ask(self, tools: Sequence[ToolSchema], rule: str = "") -> Answer:
        system = "\n\n".join(filter(None, (self._prompt, self._shared.quoter.rules, rule)))
        answer = await self._shared.model.ask([SystemMessage(content=system), *self._context], tools)
        calls = [call.as_message() for call in answer.calls]
        self._context.append(
            AssistantMessage(content=calls, thought=answer.text or None, source=self.name)
            if calls
            else AssistantMessage(content=answer.text or "(no text)", source=self.name)
        )
        return answer

    def _told(self, text: str) -> None:
        self._context.append(UserMessage(content=text, source=CLIENT))

    def _answered(self, answers: Sequence[tuple[str, str, str, bool]]) -> None:
        """Results of calls: id, name, content, whether it failed."""
        if answers:
            results = [
                FunctionExecutionResult(call_id=call_id, name=name, content=content, is_error=failed)
                for call_id, name, content, failed in answers
            ]
            self._context.append(FunctionExecutionResultMessage(content=results))


class Supervisor(TeamAgent):
    """Decides who works on what, and gives the answer."""

    def __init__(self, spec: TeamSpec, shared: Shared) -> None:
        super().__init__(SUPERVISOR, "Leads the team.", spec.supervisor_prompt, shared)
        self._members = {f"{_HAND_OFF}{member.name}": member for member in spec.members}
        self.round = 0
        # Results of calls that are complete when the member that works has answered.
        self._answers: list[tuple[str, str, str, bool]] = []
        self._hand_off: tuple[str, str] | None = None

    @property
    def last_words(self) -> str:
        for message in reversed(self._context):
            if isinstance(message, AssistantMessage):
                text = message.content if isinstance(message.content, str) else message.thought
                if text:
                    return text
        return ""

    async def _speak(self, messages: Sequence[BaseChatMessage]) -> BaseChatMessage:
        for message in messages:
            if isinstance(message, HandoffMessage) and message.target == self.name:
                self._take(message)
            elif isinstance(message, TextMessage) and message.source == "user":
                self._told(message.content)
        most = self._shared.limits.max_rounds
        over = self.round >= most
        rule = "Nobody can be asked any more: hand in what there is." if over else f"Round {self.round + 1} of {most}."
        answer = await self._ask([*([] if over else self._hand_off_tools()), _answer_tool()], rule)
        if not answer.calls or (len(answer.calls) == 1 and answer.calls[0].name == SUBMIT):
            return self._finish(answer, over)
        chosen = None if over else next((call for call in answer.calls if self._task_of(call)), None)
        complaint = rule if over else "Not done: hand off to one known member at a time."
        self._answers = [(call.id, call.name, complaint, True) for call in answer.calls if call is not chosen]
        self.round += 1
        if chosen is None:
            self._answered(self._answers)
            return TextMessage(content="asks again", source=self.name)
        self._hand_off = (chosen.id, chosen.name)
        return HandoffMessage(
            source=self.name, target=self._members[chosen.name].name, content=self._task_of(chosen) or ""
        )

    def _finish(self, answer: Answer, over: bool) -> BaseChatMessage:
        given = answer.calls[0].input if answer.calls else {"answer": answer.text}
        text = (given or {}).get("answer")
        if isinstance(text, str) and text.strip():
            reason = "max_rounds" if over else "finished"
            return StopMessage(content=text, source=self.name, metadata={"reason": reason})
        if answer.calls:
            self._answered([(answer.calls[0].id, SUBMIT, "The answer is missing.", True)])
        else:
            self._told(f"Call {SUBMIT} or hand the task off.")
        self.round += 1
        return TextMessage(content="asks again", source=self.name)

    def _take(self, message: HandoffMessage) -> None:
        if self._hand_off is None:
            return
        call_id, name = self._hand_off
        failed = message.metadata.get("by") == _OURS["by"]
        text = message.content if failed else self._shared.quoter.quote(f"result of {message.source}", message.content)
        self._answered([*self._answers, (call_id, name, text, failed)])
        self._hand_off, self._answers = None, []

    def _task_of(self, call: Call) -> str | None:
        task = (call.input or {}).get("task")
        known = call.name in self._members and isinstance(task, str) and 0 < len(task.strip()) <= _TASK_MAX
        return task.strip() if known and isinstance(task, str) else None

    def _hand_off_tools(self) -> list[ToolSchema]:
        return [
            _tool(name, member.description, {"task": {"type": "string", "description": "Everything the member needs."}})
            for name, member in self._members.items()
        ]

    def _own_state(self) -> dict[str, Any]:
        return {"round": self.round, "handOff": self._hand_off, "answers": self._answers}

    def _load_own_state(self, state: Mapping[str, Any]) -> None:
        self.round = int(state["round"])
        self._hand_off = tuple(state["handOff"]) if state["handOff"] else None
        self._answers = [(one[0], one[1], one[2], one[3]) for one in state["answers"]]


class Member(TeamAgent):
    """Works on one part of the task with tools that the client carries out."""

    def __init__(self, spec: MemberSpec, member_prompt: str, shared: Shared) -> None:
        super().__init__(spec.name, spec.description, spec.prompt, shared)
        self._spec = spec
        self._member_prompt = member_prompt
        self._labels = {tool.name: tool.label for tool in spec.tools}
        self._steps = 0
        self.task = ""
        self.pending: list[PendingCall] = []
        self._results: dict[str, Result] = {}
        # True when the last answer was text without a call: what comes of it cannot answer a call.
        self._as_text = False

    def deliver(self, results: Sequence[Result]) -> HandoffMessage:
        """The message that hands back to this member, who has the results already: others need not see them."""
        self._results = {result.call_id: result for result in results}
        return HandoffMessage(source=CLIENT, target=self.name, content="results")

    async def _speak(self, messages: Sequence[BaseChatMessage]) -> BaseChatMessage:
        for message in messages:
            if not isinstance(message, HandoffMessage) or message.target != self.name:
                continue
            if message.source == CLIENT:
                ended = self._take()
                if ended is not None:
                    return ended
            else:
                self._begin(message.content)
        if self._steps >= self._shared.limits.max_steps:
            return self._hand_back("Failed: BIZ_AUTOGEN_STEPS_SPENT", failed=True)
        self._steps += 1
        answer = await self._ask(
            [
                *(_given_tool(tool.name, tool.description, tool.parameters) for tool in self._spec.tools),
                self._submit_tool(),
            ]
        )
        self._as_text = not answer.calls
        calls = answer.calls or (Call(f"call_{uuid.uuid4().hex}", SUBMIT, answer.text, None),)
        self.pending = [
            PendingCall(
                call_id=call.id,
                tool=call.name,
                label="read" if call.name == SUBMIT else self._labels.get(call.name, "unknown"),
                input=call.input,
                raw=call.arguments if call.input is None else None,
            )
            for call in calls
        ]
        return HandoffMessage(source=self.name, target=CLIENT, content="calls")

    def _begin(self, task: str) -> None:
        quote = self._shared.quoter.quote
        parts = [self._member_prompt]
        parts += [quote(part.source, part.text) for part in self._spec.data]
        parts.append(quote("task from the supervisor", task))
        self._context = [UserMessage(content="\n\n".join(parts), source=SUPERVISOR)]
        self.task, self._steps, self.pending, self._as_text = task, 0, [], False

    def _take(self) -> HandoffMessage | None:
        """Takes the results; gives what ends the member's turn, if one of them does."""
        results = [(call, self._results[call.call_id]) for call in self.pending]
        self.pending, self._results = [], {}
        ending = next((result for _, result in results if result.ends), None)
        if ending is not None:
            return self._hand_back(ending.content, failed=not ending.ok)
        if self._as_text:
            self._told("\n\n".join(result.content for _, result in results))
        else:
            self._answered(
                [(call.call_id, call.tool, self._quoted(call, result), not result.ok) for call, result in results]
            )
        return None

    def _quoted(self, call: PendingCall, result: Result) -> str:
        # What the client's check says about a result is written by code; what a tool returns is not.
        return result.content if call.tool == SUBMIT else self._shared.quoter.quote(f"tool {call.tool}", result.content)

    def _hand_back(self, text: str, *, failed: bool) -> HandoffMessage:
        return HandoffMessage(source=self.name, target=SUPERVISOR, content=text, metadata=_OURS if failed else {})

    def _submit_tool(self) -> ToolSchema:
        description = "Hands in the result and ends the task. Call it alone, exactly once."
        return _given_tool(SUBMIT, description, self._spec.result_schema)

    def _own_state(self) -> dict[str, Any]:
        pending = [call.model_dump(mode="json", by_alias=True) for call in self.pending]
        return {"task": self.task, "steps": self._steps, "asText": self._as_text, "pending": pending}

    def _load_own_state(self, state: Mapping[str, Any]) -> None:
        self.task = str(state["task"])
        self._steps = int(state["steps"])
        self._as_text = bool(state["asText"])
        self.pending = [PendingCall.model_validate(call) for call in state["pending"]]


def _tool(name: str, description: str, properties: dict[str, Any]) -> ToolSchema:
    return ToolSchema(
        name=name,
        description=description,
        parameters={"type": "object", "properties": properties, "required": list(properties)},
    )


def _answer_tool() -> ToolSchema:
    return _tool(SUBMIT, "Hands in the answer and ends the task.", {"answer": {"type": "string"}})


def _given_tool(name: str, description: str, parameters: Any) -> ToolSchema:
    """With a JSON schema of the caller, which no type describes."""
    return ToolSchema(name=name, description=description, parameters=parameters)
