"""Optimizes a copied shard in a process of its own: `python -m bizstack_qdrant.storage.optimize_worker DIR`.

The engine holds the interpreter while it builds an index (minutes for large collections), so in the
server's own process every request would wait. Prints `true` when something was optimized.
"""

from __future__ import annotations

import os
import sys

import qdrant_edge as edge

NICE = 10


def main(directory: str) -> int:
    os.nice(NICE)
    shard = edge.EdgeShard.load(directory)
    optimized = shard.optimize()
    shard.flush()
    shard.close()
    print("true" if optimized else "false", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
