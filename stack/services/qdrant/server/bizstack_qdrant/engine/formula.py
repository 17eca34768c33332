"""Score formulas: REST expressions to the engine's expressions."""

from __future__ import annotations

from typing import Any

import qdrant_edge as edge

from ..errors import bad_body
from .body import Body, convert
from .filters import MAX_DEPTH, GeoPoint, parse_condition

_UNARY = {
    "neg": edge.Expression.Neg,
    "abs": edge.Expression.Abs,
    "sqrt": edge.Expression.Sqrt,
    "exp": edge.Expression.Exp,
    "log10": edge.Expression.Log10,
    "ln": edge.Expression.Ln,
    "acosh": edge.Expression.Acosh,
}
_LISTS = {
    "mult": edge.Expression.Mult,
    "sum": edge.Expression.Sum,
    "max": edge.Expression.Max,
    "min": edge.Expression.Min,
}
_DECAYS = {"lin_decay": edge.DecayKind.Lin, "exp_decay": edge.DecayKind.Exp, "gauss_decay": edge.DecayKind.Gauss}


class Distance(Body):
    origin: GeoPoint
    to: str


class Division(Body):
    left: Any
    right: Any
    by_zero_default: float | None = None


class Power(Body):
    base: Any
    exponent: Any


class Decay(Body):
    x: Any
    target: Any = None
    scale: float | None = None
    midpoint: float | None = None


def parse_formula(formula: object, defaults: dict[str, Any] | None) -> edge.Formula:
    return edge.Formula(_expression(formula, "formula", 0), defaults or {})


def _expression(value: object, where: str, depth: int) -> edge.Expression:
    if depth > MAX_DEPTH:
        raise bad_body(f"{where}: expressions are nested deeper than {MAX_DEPTH}")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return edge.Expression.Constant(float(value))
    if isinstance(value, str):
        return edge.Expression.Variable(value)
    if not isinstance(value, dict):
        raise bad_body(f"{where}: an expression must be a number, a variable's name or an object")

    def inner(part: object, name: str) -> edge.Expression:
        return _expression(part, f"{where}.{name}", depth + 1)

    if len(value) == 1:
        kind, body = next(iter(value.items()))
        if kind in _UNARY:
            return _UNARY[kind](inner(body, kind))
        if kind in _LISTS:
            return _LISTS[kind]([inner(part, kind) for part in convert(body, list, f"{where}.{kind}")])
        if kind in _DECAYS:
            decay = convert(body, Decay, f"{where}.{kind}")
            target = None if decay.target is None else inner(decay.target, f"{kind}.target")
            return edge.Expression.Decay(
                _DECAYS[kind], inner(decay.x, f"{kind}.x"), target=target, midpoint=decay.midpoint, scale=decay.scale
            )
        if kind == "div":
            division = convert(body, Division, f"{where}.div")
            return edge.Expression.Div(
                inner(division.left, "div.left"), inner(division.right, "div.right"), division.by_zero_default
            )
        if kind == "pow":
            power = convert(body, Power, f"{where}.pow")
            return edge.Expression.Pow(inner(power.base, "pow.base"), inner(power.exponent, "pow.exponent"))
        if kind == "geo_distance":
            distance = convert(body, Distance, f"{where}.geo_distance")
            return edge.Expression.GeoDistance(distance.origin.engine(), distance.to)
        if kind == "datetime":
            return edge.Expression.Datetime(convert(body, str, f"{where}.datetime"))
        if kind == "datetime_key":
            return edge.Expression.DatetimeKey(convert(body, str, f"{where}.datetime_key"))
    return edge.Expression.Condition(parse_condition(value, where, depth + 1))
