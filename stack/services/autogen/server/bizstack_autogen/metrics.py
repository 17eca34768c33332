"""What `/metrics` shows."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

RUNS = Counter("bizstack_autogen_runs_total", "Segments of runs that ended, by how.", ["outcome"])
ACTIVE = Gauge("bizstack_autogen_active_runs", "Runs that are worked on.")
REQUESTS = Counter("bizstack_autogen_model_requests_total", "Requests to models.", ["outcome"])
TOKENS = Counter("bizstack_autogen_model_tokens_total", "Tokens of models.", ["kind"])
CALLS = Counter("bizstack_autogen_tool_calls_total", "Calls that members asked for.", ["label"])
ANSWERS = Counter("bizstack_autogen_http_answers_total", "Answers of the API.", ["route", "status"])
