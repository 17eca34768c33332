"""Upsert and search times against a running server; only the standard library is needed.

    python bench/bench.py --url http://127.0.0.1:6333 --api-key-file FILE [--points 100000] [--size 384]

Vectors are drawn around 1,000 centres from a fixed seed, so that neighbours exist. Points are upserted in
batches of 500 over one connection with wait=true. Searches ask for 10 points, one after the other over one
connection, after 50 that are not counted; times are the client's, request to parsed answer.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import statistics
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

BATCH = 500
CENTRES = 1000
COLLECTION = "bench"


class Client:
    def __init__(self, url: str, key: str | None) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=600)
        self._headers = {"content-type": "application/json", **({"api-key": key} if key else {})}

    def send(self, method: str, path: str, body: str | None = None) -> Any:
        self._connection.request(method, path, body, self._headers)
        response = self._connection.getresponse()
        answer = json.loads(response.read())
        if response.status != 200:
            raise SystemExit(f"{method} {path}: {response.status} {answer['status']['error']}")
        return answer["result"]


class Vectors:
    def __init__(self, size: int) -> None:
        self._random = random.Random(7)
        self._centres = [[self._random.gauss(0, 1) for _ in range(size)] for _ in range(CENTRES)]

    def text(self) -> str:
        draw = self._random.random
        centre = self._random.choice(self._centres)
        return "[" + ",".join(f"{x + draw() - 0.5:.4f}" for x in centre) + "]"


def searches(client: Client, vectors: Vectors, what: str, count: int, extra: str = "") -> list[str]:
    times: list[float] = []
    asked: list[str] = []
    for number in range(count + 50):
        query = vectors.text()
        started = time.perf_counter()
        client.send("POST", f"/collections/{COLLECTION}/points/query", f'{{"query":{query},"limit":10{extra}}}')
        if number >= 50:
            times.append((time.perf_counter() - started) * 1000)
            asked.append(query)
    cuts = statistics.quantiles(times, n=100)
    print(
        f"{what}: p50 {statistics.median(times):.1f} ms, p95 {cuts[94]:.1f} ms, p99 {cuts[98]:.1f} ms, {count} searches"
    )
    return asked


def recall(client: Client, asked: list[str]) -> float:
    def ids(query: str, exact: str) -> set[int]:
        body = f'{{"query":{query},"limit":10,"params":{{"exact":{exact}}}}}'
        return {point["id"] for point in client.send("POST", f"/collections/{COLLECTION}/points/query", body)["points"]}

    return sum(len(ids(query, "true") & ids(query, "false")) for query in asked) / (10 * len(asked))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:6333")
    parser.add_argument("--api-key-file", type=Path)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--size", type=int, default=384)
    given = parser.parse_args()
    client = Client(given.url, given.api_key_file.read_text().strip() if given.api_key_file else None)
    client.send("DELETE", f"/collections/{COLLECTION}")
    config = {"vectors": {"size": given.size, "distance": "Cosine"}, "optimizers_config": {"indexing_threshold": 0}}
    client.send("PUT", f"/collections/{COLLECTION}", json.dumps(config))
    vectors = Vectors(given.size)
    spent = 0.0
    for start in range(0, given.points, BATCH):
        points = ",".join(
            f'{{"id":{number},"vector":{vectors.text()},"payload":{{"n":{number},"team":"t{number % 10}"}}}}'
            for number in range(start, min(start + BATCH, given.points))
        )
        started = time.perf_counter()
        client.send("PUT", f"/collections/{COLLECTION}/points?wait=true", f'{{"points":[{points}]}}')
        spent += time.perf_counter() - started
    print(f"upsert: {given.points} points of {given.size} dimensions in {spent:.1f} s, {given.points / spent:.0f}/s")
    searches(client, vectors, "search without index", 200)

    started = time.perf_counter()
    client.send("PATCH", f"/collections/{COLLECTION}", '{"optimizers_config":{"indexing_threshold":10000}}')
    slowest = 0.0
    while True:
        before = time.perf_counter()
        query = f'{{"query":{vectors.text()},"limit":10}}'
        client.send("POST", f"/collections/{COLLECTION}/points/query", query)
        slowest = max(slowest, time.perf_counter() - before)
        info = client.send("GET", f"/collections/{COLLECTION}")
        if info["status"] == "green" and info["indexed_vectors_count"] > 0:
            break
        if info["status"] == "red":
            raise SystemExit(f"optimizer: {info['optimizer_status']}")
        time.sleep(0.2)
    print(f"index: {info['indexed_vectors_count']} vectors in {time.perf_counter() - started:.0f} s in the background")
    print(f"slowest search while it was built: {slowest * 1000:.0f} ms")
    asked = searches(client, vectors, "search with index", 1000)
    searches(
        client,
        vectors,
        "search with index and filter",
        500,
        ',"filter":{"must":[{"key":"team","match":{"value":"t3"}}]}',
    )
    client.send("PUT", f"/collections/{COLLECTION}/index?wait=true", '{"field_name":"team","field_schema":"keyword"}')
    searches(
        client,
        vectors,
        "the same with a payload index",
        500,
        ',"filter":{"must":[{"key":"team","match":{"value":"t3"}}]}',
    )
    print(f"recall@10 against exact search: {recall(client, asked[:100]):.3f}")
    client.send("DELETE", f"/collections/{COLLECTION}")


if __name__ == "__main__":
    main()
