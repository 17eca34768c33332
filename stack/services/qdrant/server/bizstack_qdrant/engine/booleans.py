"""Matching booleans.

The engine's binding tries integers before booleans, and Python's booleans are integers: `MatchValue(True)`
would match the number 1 and no boolean. It also takes NumPy's boolean scalar, which is no integer and which
it knows by the name of its type alone; the type here has that name and spares the dependency on NumPy.
"""

from __future__ import annotations

from typing import Any

import qdrant_edge as edge


class _NumpyBool:
    def __init__(self, value: bool) -> None:
        self._value = value

    def __bool__(self) -> bool:
        return self._value


_NumpyBool.__module__ = "numpy"
_NumpyBool.__name__ = _NumpyBool.__qualname__ = "bool_"


def boolean(value: bool) -> edge.MatchValue:
    """The condition's test that the payload's value is this boolean."""
    wrapped: Any = _NumpyBool(value)
    return edge.MatchValue(wrapped)
