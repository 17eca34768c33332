"""Text turned into sparse vectors by the engine's own BM25; other inference models are not served."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec
import qdrant_edge as edge

from ..errors import bad_body, not_served
from .body import Body, convert
from .payload_index import stemmer, stopwords, tokenizer

MODEL = "qdrant/bm25"


class Document(Body):
    text: str
    model: str
    options: dict[str, Any] | None = None


class Options(Body):
    k: float | None = None
    b: float | None = None
    avg_len: float | None = None
    tokenizer: str | None = None
    language: str | None = None
    lowercase: bool | None = None
    ascii_folding: bool | None = None
    stopwords: str | dict[str, Any] | None = None
    stemmer: dict[str, Any] | None = None
    min_token_len: int | None = None
    max_token_len: int | None = None


def is_inference(value: object) -> bool:
    """Whether a vector is given as something to embed: `{text|image|object, model}`."""
    return isinstance(value, dict) and "model" in value and not value.keys().isdisjoint({"text", "image", "object"})


def embed(value: dict[str, Any], *, query: bool) -> edge.SparseVector:
    """The sparse vector of a document or of a query text."""
    model = value.get("model")
    if "text" not in value or not isinstance(model, str) or model.lower() != MODEL:
        raise not_served(
            f"inference with model {model!r}", f"Send vectors, or use the model `{MODEL}` for sparse ones."
        )
    document = convert(value, Document, "document")
    bm25 = _model(msgspec.json.encode(document.options or {}, order="sorted"))
    return bm25.embed_query(document.text) if query else bm25.embed_document(document.text)


@lru_cache(maxsize=32)
def _model(options: bytes) -> edge.Bm25:
    given = convert(msgspec.json.decode(options), Options, "options")
    try:
        return edge.Bm25(
            edge.Bm25Config(
                k=given.k,
                b=given.b,
                avg_len=given.avg_len,
                tokenizer=tokenizer(given.tokenizer),
                language=given.language,
                lowercase=given.lowercase,
                ascii_folding=given.ascii_folding,
                stopwords=stopwords(given.stopwords),
                stemmer=stemmer(given.stemmer),
                min_token_len=given.min_token_len,
                max_token_len=given.max_token_len,
            )
        )
    except ValueError as error:
        raise bad_body(f"options: {error}") from error
