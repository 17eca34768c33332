"""Filters: REST conditions to the engine's conditions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import qdrant_edge as edge
from msgspec import Meta

from ..errors import bad_body, not_served
from .body import Body, convert, convert_any
from .booleans import boolean
from .ids import parse_ids

MAX_DEPTH = 64


class GeoPoint(Body):
    lon: float
    lat: float

    def engine(self) -> edge.GeoPoint:
        return edge.GeoPoint(self.lon, self.lat)


class GeoBoundingBox(Body):
    top_left: GeoPoint
    bottom_right: GeoPoint


class GeoRadius(Body):
    center: GeoPoint
    radius: Annotated[float, Meta(ge=0)]


class GeoLine(Body):
    points: list[GeoPoint]


class GeoPolygon(Body):
    exterior: GeoLine
    interiors: list[GeoLine] | None = None


class ValuesCount(Body):
    lt: int | None = None
    gt: int | None = None
    lte: int | None = None
    gte: int | None = None


class Field(Body):
    key: str
    match: dict[str, Any] | None = None
    range: dict[str, float | str | None] | None = None
    geo_bounding_box: GeoBoundingBox | None = None
    geo_radius: GeoRadius | None = None
    geo_polygon: GeoPolygon | None = None
    values_count: ValuesCount | None = None
    is_empty: bool | None = None
    is_null: bool | None = None


class Key(Body):
    key: str


class Nested(Body):
    key: str
    filter: dict[str, Any]


class MinShould(Body):
    conditions: list[dict[str, Any]]
    min_count: Annotated[int, Meta(ge=0)]


class Filter(Body):
    must: dict[str, Any] | list[dict[str, Any]] | None = None
    should: dict[str, Any] | list[dict[str, Any]] | None = None
    must_not: dict[str, Any] | list[dict[str, Any]] | None = None
    min_should: MinShould | None = None


_TEXT_MATCHES: dict[str, Callable[[str], edge.MatchType]] = {
    "text": edge.MatchText,
    "text_any": edge.MatchTextAny,
    "phrase": edge.MatchPhrase,
    "prefix": edge.MatchPrefix,
}
_FILTER_KEYS = {"must", "should", "must_not", "min_should"}


def parse_filter(value: object, where: str = "filter", depth: int = 0) -> edge.Filter | None:
    """`None` stays `None`; `{}` is a filter that matches everything."""
    if value is None:
        return None
    if depth > MAX_DEPTH:
        raise bad_body(f"{where}: filters are nested deeper than {MAX_DEPTH}")
    given = convert(value, Filter, where)
    minimum = given.min_should
    return edge.Filter(
        must=_conditions(given.must, f"{where}.must", depth),
        should=_conditions(given.should, f"{where}.should", depth),
        must_not=_conditions(given.must_not, f"{where}.must_not", depth),
        min_should=(
            edge.MinShould(_conditions(minimum.conditions, f"{where}.min_should", depth) or [], minimum.min_count)
            if minimum
            else None
        ),
    )


def _conditions(
    given: dict[str, Any] | list[dict[str, Any]] | None, where: str, depth: int
) -> list[edge.ConditionType] | None:
    if given is None:
        return None
    items = given if isinstance(given, list) else [given]
    return [parse_condition(item, f"{where}[{index}]", depth + 1) for index, item in enumerate(items)]


def parse_condition(value: object, where: str, depth: int = 0) -> edge.ConditionType:
    """One condition, told apart by the field that only its kind has."""
    if not isinstance(value, dict):
        raise bad_body(f"{where}: a condition must be an object")
    keys = set(value)
    if "key" in keys:
        return _field(convert(value, Field, where), where)
    if keys == {"has_id"}:
        if not isinstance(value["has_id"], list):
            raise bad_body(f"{where}.has_id: a list of point IDs is expected")
        return edge.HasIdCondition(set(parse_ids(value["has_id"])))
    if keys == {"has_vector"}:
        return edge.HasVectorCondition(convert(value["has_vector"], str, f"{where}.has_vector"))
    if keys == {"is_empty"}:
        return edge.IsEmptyCondition(convert(value["is_empty"], Key, f"{where}.is_empty").key)
    if keys == {"is_null"}:
        return edge.IsNullCondition(convert(value["is_null"], Key, f"{where}.is_null").key)
    if keys == {"nested"}:
        nested = convert(value["nested"], Nested, f"{where}.nested")
        inner = parse_filter(nested.filter, f"{where}.nested.filter", depth + 1)
        return edge.NestedCondition(nested.key, inner or edge.Filter())
    if keys == {"slice"}:
        raise not_served("the slice condition", "Use scroll with an offset to split a collection.")
    if keys <= _FILTER_KEYS:
        return parse_filter(value, where, depth) or edge.Filter()
    raise bad_body(f"{where}: data did not match any condition (fields {sorted(keys)})")


def _field(given: Field, where: str) -> edge.FieldCondition:
    condition = edge.FieldCondition(
        given.key,
        match=_match(given.match, f"{where}.match") if given.match is not None else None,
        range=_range(given.range, f"{where}.range") if given.range is not None else None,
        geo_bounding_box=_box(given.geo_bounding_box),
        geo_radius=(
            edge.GeoRadius(given.geo_radius.center.engine(), given.geo_radius.radius) if given.geo_radius else None
        ),
        geo_polygon=_polygon(given.geo_polygon),
        values_count=_count(given.values_count),
        is_empty=given.is_empty,
        is_null=given.is_null,
    )
    tests = (
        given.match,
        given.range,
        given.geo_bounding_box,
        given.geo_radius,
        given.geo_polygon,
        given.values_count,
        given.is_empty,
        given.is_null,
    )
    # The engine evaluates one test of a field condition; a second one would be dropped unseen.
    if sum(test is not None for test in tests) != 1:
        raise bad_body(f"{where}: exactly one test of the field `{given.key}` is expected; combine several with must")
    return condition


def _match(given: dict[str, Any], where: str) -> edge.MatchType:
    if len(given) != 1:
        raise bad_body(f"{where}: exactly one of value, text, text_any, phrase, prefix, any, except is expected")
    kind, value = next(iter(given.items()))
    if kind == "value":
        single: str | int | bool = convert_any(value, str | int | bool, f"{where}.value")
        return boolean(single) if isinstance(single, bool) else edge.MatchValue(single)
    if kind in _TEXT_MATCHES:
        return _TEXT_MATCHES[kind](convert(value, str, f"{where}.{kind}"))
    if kind in ("any", "except"):
        values: Any = convert_any(value, list[str | int], f"{where}.{kind}")
        if len({type(item) for item in values}) > 1:
            raise bad_body(f"{where}.{kind}: the values must be all strings or all integers")
        return edge.MatchAny(values) if kind == "any" else edge.MatchExcept(values)
    raise bad_body(f"{where}: unknown match `{kind}`")


def _range(given: dict[str, float | str | None], where: str) -> edge.RangeType:
    unknown = set(given) - {"gt", "gte", "lt", "lte"}
    if unknown:
        raise bad_body(f"{where}: unknown field `{sorted(unknown)[0]}`")
    bounds: dict[str, Any] = {name: bound for name, bound in given.items() if bound is not None}
    kinds = {isinstance(bound, str) for bound in bounds.values()}
    if len(kinds) > 1:
        raise bad_body(f"{where}: the bounds must be all numbers or all date-times")
    return edge.RangeDateTime(**bounds) if kinds == {True} else edge.RangeFloat(**bounds)


def _box(given: GeoBoundingBox | None) -> edge.GeoBoundingBox | None:
    return edge.GeoBoundingBox(given.top_left.engine(), given.bottom_right.engine()) if given else None


def _polygon(given: GeoPolygon | None) -> edge.GeoPolygon | None:
    if given is None:
        return None
    interiors = [[point.engine() for point in line.points] for line in given.interiors or []]
    return edge.GeoPolygon([point.engine() for point in given.exterior.points], interiors or None)


def _count(given: ValuesCount | None) -> edge.ValuesCount | None:
    return edge.ValuesCount(lt=given.lt, gt=given.gt, lte=given.lte, gte=given.gte) if given else None


def both(first: edge.Filter | None, second: edge.Filter | None) -> edge.Filter | None:
    """The filter that needs both."""
    if first is None or second is None:
        return first or second
    return edge.Filter(must=[first, second])
