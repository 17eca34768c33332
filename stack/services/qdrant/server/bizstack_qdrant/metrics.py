"""Counts and durations of requests, in Prometheus' text format."""

from __future__ import annotations

import threading

BUCKETS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Metrics:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._responses: dict[tuple[str, str, int], int] = {}
        self._durations: dict[tuple[str, str], tuple[list[int], float]] = {}

    def observe(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        with self._lock:
            key = (method, endpoint, status)
            self._responses[key] = self._responses.get(key, 0) + 1
            counts, total = self._durations.get((method, endpoint), ([0] * (len(BUCKETS) + 1), 0.0))
            place = next((at for at, bound in enumerate(BUCKETS) if seconds <= bound), len(BUCKETS))
            counts[place] += 1
            self._durations[(method, endpoint)] = (counts, total + seconds)

    def requests(self) -> list[tuple[str, str, int, int]]:
        """(method, endpoint, status, count)."""
        with self._lock:
            return [(*key, count) for key, count in sorted(self._responses.items())]

    def lines(self) -> list[str]:
        with self._lock:
            responses = sorted(self._responses.items())
            durations = sorted((key, (list(counts), total)) for key, (counts, total) in self._durations.items())
        lines = ["# HELP rest_responses_total responses by endpoint and status", "# TYPE rest_responses_total counter"]
        for (method, endpoint, status), count in responses:
            lines.append(f'rest_responses_total{{method="{method}",endpoint="{endpoint}",status="{status}"}} {count}')
        lines += [
            "# HELP rest_responses_duration_seconds time from the request's head to its answer",
            "# TYPE rest_responses_duration_seconds histogram",
        ]
        for (method, endpoint), (counts, total) in durations:
            labels = f'method="{method}",endpoint="{endpoint}"'
            below = 0
            for bound, count in zip((*BUCKETS, "+Inf"), counts, strict=True):
                below += count
                lines.append(f'rest_responses_duration_seconds_bucket{{{labels},le="{bound}"}} {below}')
            lines.append(f"rest_responses_duration_seconds_sum{{{labels}}} {total:.6f}")
            lines.append(f"rest_responses_duration_seconds_count{{{labels}}} {below}")
        return lines


def escape(label: str) -> str:
    """A label's value in Prometheus' text format."""
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
