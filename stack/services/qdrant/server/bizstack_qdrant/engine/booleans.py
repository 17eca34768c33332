"""Booleans for `MatchValue`.

The engine's binding tries integers before booleans, and Python's booleans are integers: `MatchValue(True)`
would match the number 1 and no boolean. It also takes NumPy's boolean scalar, which is no integer and which
it knows by the name of its type alone; this type has that name and spares the dependency on NumPy.
"""

from __future__ import annotations


class NumpyBool:
    def __init__(self, value: bool) -> None:
        self._value = value

    def __bool__(self) -> bool:
        return self._value


NumpyBool.__module__ = "numpy"
NumpyBool.__name__ = NumpyBool.__qualname__ = "bool_"
