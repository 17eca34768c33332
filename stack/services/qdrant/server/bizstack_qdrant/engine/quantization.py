"""Quantization settings, which the engine applies while it builds an index."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import qdrant_edge as edge
from msgspec import Meta

from ..errors import bad_body
from .body import Body, convert

Memory = Literal["cold", "cached", "pinned"]
_MEMORY = {"cold": edge.Memory.Cold, "cached": edge.Memory.Cached, "pinned": edge.Memory.Pinned}
_RATIOS = {name: getattr(edge.CompressionRatio, name.upper()) for name in ("x4", "x8", "x16", "x32", "x64")}
_ENCODINGS = {
    "one_bit": edge.BinaryQuantizationEncoding.OneBit,
    "two_bits": edge.BinaryQuantizationEncoding.TwoBits,
    "one_and_half_bits": edge.BinaryQuantizationEncoding.OneAndHalfBits,
}
_QUERY_ENCODINGS = {
    "default": edge.BinaryQuantizationQueryEncoding.Default,
    "binary": edge.BinaryQuantizationQueryEncoding.Binary,
    "scalar4bits": edge.BinaryQuantizationQueryEncoding.Scalar4Bits,
    "scalar8bits": edge.BinaryQuantizationQueryEncoding.Scalar8Bits,
}
_BITS = {
    "bits1": edge.TurboQuantBitSize.Bits1,
    "bits1_5": edge.TurboQuantBitSize.Bits1_5,
    "bits2": edge.TurboQuantBitSize.Bits2,
    "bits4": edge.TurboQuantBitSize.Bits4,
}


class Scalar(Body):
    type: Literal["int8"]
    quantile: Annotated[float, Meta(ge=0.5, le=1)] | None = None
    always_ram: bool | None = None
    memory: Memory | None = None


class Product(Body):
    compression: Literal["x4", "x8", "x16", "x32", "x64"]
    always_ram: bool | None = None
    memory: Memory | None = None


class Binary(Body):
    always_ram: bool | None = None
    memory: Memory | None = None
    encoding: Literal["one_bit", "two_bits", "one_and_half_bits"] | None = None
    query_encoding: Literal["default", "binary", "scalar4bits", "scalar8bits"] | None = None


class Turbo(Body):
    always_ram: bool | None = None
    memory: Memory | None = None
    bits: Literal["bits1", "bits1_5", "bits2", "bits4"] | None = None


EngineQuantization = (
    edge.ScalarQuantizationConfig
    | edge.ProductQuantizationConfig
    | edge.BinaryQuantizationConfig
    | edge.TurboQuantQuantizationConfig
)


def quantization(given: dict[str, Any] | None) -> EngineQuantization | None:
    """The engine's settings of `{scalar|product|binary|turbo: {…}}`."""
    if not given:
        return None
    if len(given) != 1:
        raise bad_body("quantization_config: exactly one of scalar, product, binary, turbo is expected")
    (kind, body), where = next(iter(given.items())), "quantization_config"
    if kind == "scalar":
        scalar = convert(body, Scalar, f"{where}.scalar")
        return edge.ScalarQuantizationConfig(
            type=edge.ScalarType.Int8,
            quantile=scalar.quantile,
            always_ram=scalar.always_ram,
            memory=_MEMORY.get(scalar.memory or ""),
        )
    if kind == "product":
        product = convert(body, Product, f"{where}.product")
        return edge.ProductQuantizationConfig(
            compression=_RATIOS[product.compression],
            always_ram=product.always_ram,
            memory=_MEMORY.get(product.memory or ""),
        )
    if kind == "binary":
        binary = convert(body, Binary, f"{where}.binary")
        return edge.BinaryQuantizationConfig(
            always_ram=binary.always_ram,
            encoding=_ENCODINGS.get(binary.encoding or ""),
            query_encoding=_QUERY_ENCODINGS.get(binary.query_encoding or ""),
            memory=_MEMORY.get(binary.memory or ""),
        )
    if kind == "turbo":
        turbo = convert(body, Turbo, f"{where}.turbo")
        return edge.TurboQuantQuantizationConfig(
            always_ram=turbo.always_ram, bits=_BITS.get(turbo.bits or ""), memory=_MEMORY.get(turbo.memory or "")
        )
    raise bad_body(f"quantization_config: unknown variant `{kind}`, expected one of scalar, product, binary, turbo")
