"""Payload index parameters, both ways: REST to engine at creation, engine to REST in collection info."""

from __future__ import annotations

from typing import Any, Literal

import qdrant_edge as edge

from ..errors import bad_body
from .body import Body, convert

Memory = Literal["cold", "cached", "pinned"]
_MEMORY = {"cold": edge.Memory.Cold, "cached": edge.Memory.Cached, "pinned": edge.Memory.Pinned}


class _Common(Body):
    type: str
    on_disk: bool | None = None
    memory: Memory | None = None
    enable_hnsw: bool | None = None


class Keyword(_Common):
    is_tenant: bool | None = None
    prefix: bool | None = None


class Integer(_Common):
    lookup: bool | None = None
    range: bool | None = None
    is_principal: bool | None = None


class Principal(_Common):
    is_principal: bool | None = None


class Tenant(_Common):
    is_tenant: bool | None = None


class Text(_Common):
    tokenizer: str | None = None
    min_token_len: int | None = None
    max_token_len: int | None = None
    lowercase: bool | None = None
    ascii_folding: bool | None = None
    phrase_matching: bool | None = None
    stopwords: str | dict[str, Any] | None = None
    stemmer: dict[str, Any] | None = None


class StopwordsSet(Body):
    languages: list[str] | None = None
    custom: list[str] | None = None


class Stemmer(Body):
    type: Literal["snowball", "none"]
    language: str | None = None


# type → (REST structure, engine parameters, engine type)
_KINDS: dict[str, tuple[type[_Common], Any, edge.PayloadSchemaType]] = {
    "keyword": (Keyword, edge.KeywordIndexParams, edge.PayloadSchemaType.Keyword),
    "integer": (Integer, edge.IntegerIndexParams, edge.PayloadSchemaType.Integer),
    "float": (Principal, edge.FloatIndexParams, edge.PayloadSchemaType.Float),
    "geo": (_Common, edge.GeoIndexParams, edge.PayloadSchemaType.Geo),
    "text": (Text, edge.TextIndexParams, edge.PayloadSchemaType.Text),
    "bool": (_Common, edge.BoolIndexParams, edge.PayloadSchemaType.Bool),
    "datetime": (Principal, edge.DatetimeIndexParams, edge.PayloadSchemaType.Datetime),
    "uuid": (Tenant, edge.UuidIndexParams, edge.PayloadSchemaType.Uuid),
}


def parse_schema(given: object) -> Any:
    """The engine's schema of `"keyword"` or `{type: "keyword", …}`."""
    kind = given.get("type") if isinstance(given, dict) else given
    if not isinstance(kind, str) or kind not in _KINDS:
        raise bad_body(f"field_schema: unknown variant `{kind}`, expected one of {', '.join(_KINDS)}")
    structure, engine, plain = _KINDS[kind]
    if not isinstance(given, dict):
        return plain
    body = convert(given, structure, "field_schema")
    values = {name: getattr(body, name) for name in body.__struct_fields__ if name != "type"}
    values["memory"] = _MEMORY.get(values["memory"] or "")
    if isinstance(body, Integer) and body.lookup is False and body.range is False:
        raise bad_body("field_schema: at least one of lookup and range must be true")
    if isinstance(body, Text):
        values["tokenizer"] = tokenizer(body.tokenizer)
        values["stopwords"] = stopwords(body.stopwords)
        values["stemmer"] = stemmer(body.stemmer)
    return engine(**values)


def tokenizer(name: str | None) -> edge.TokenizerType | None:
    names: dict[str, edge.TokenizerType] = {
        kind: getattr(edge.TokenizerType, kind.capitalize())
        for kind in ("prefix", "whitespace", "word", "multilingual")
    }
    if name is None:
        return None
    if name not in names:
        raise bad_body(f"unknown tokenizer `{name}`, expected one of {', '.join(names)}")
    return names[name]


def _language(name: str, languages: Any) -> Any:
    language = getattr(languages, name.capitalize(), None) if name.isalpha() and name.islower() else None
    if language is None:
        raise bad_body(f"unknown language `{name}`")
    return language


def stopwords(given: str | dict[str, Any] | None) -> Any:
    if given is None:
        return None
    if isinstance(given, str):
        return _language(given, edge.Language)
    words = convert(given, StopwordsSet, "stopwords")
    return edge.StopwordsSet(
        languages={_language(name, edge.Language) for name in words.languages or []} or None,
        custom=set(words.custom or []) or None,
    )


def stemmer(given: dict[str, Any] | None) -> Any:
    if given is None:
        return None
    body = convert(given, Stemmer, "stemmer")
    if body.type == "none":
        return edge.DisabledStemmer()
    if body.language is None:
        raise bad_body("stemmer: missing field `language`")
    return edge.SnowballParams(_language(body.language, edge.SnowballLanguage))


def kind_name(data_type: edge.PayloadSchemaType) -> str:
    return next(name for name, (_, _, plain) in _KINDS.items() if plain == data_type)


def describe(info: edge.PayloadIndexInfo) -> dict[str, Any]:
    """An index as collection info shows it."""
    kind = kind_name(info.data_type)
    described: dict[str, Any] = {"data_type": kind, "points": info.points}
    if info.params is not None:
        params: dict[str, Any] = {"type": kind}
        for name in _KINDS[kind][0].__struct_fields__:
            value = getattr(info.params, name, None)
            if name != "type" and value is not None:
                params[name] = _plain(value)
        described["params"] = params
    return described


def _plain(value: Any) -> Any:
    if isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, edge.StopwordsSet):
        words = {
            "languages": sorted(_plain(item) for item in value.languages or []),
            "custom": sorted(value.custom or []),
        }
        return {name: items for name, items in words.items() if items}
    if isinstance(value, edge.SnowballParams):
        return {"type": "snowball", "language": _plain(value.language)}
    if isinstance(value, edge.DisabledStemmer):
        return {"type": "none"}
    # The engine's enums print as `Type.Member`.
    return str(value).rsplit(".", 1)[-1].lower()
