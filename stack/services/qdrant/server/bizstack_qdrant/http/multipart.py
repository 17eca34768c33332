"""The one file of a multipart form, cut out of the body on disk without holding it in memory."""

from __future__ import annotations

import mmap
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from email.parser import BytesHeaderParser
from pathlib import Path

from ..errors import bad_input

_CHUNK = 1 << 20
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{1,70}")


@contextmanager
def extract_file(body: Path, content_type: str, field: str) -> Iterator[Path]:
    """The content of the form's `field` in a temporary file."""
    boundary = _boundary(content_type)
    handle, name = tempfile.mkstemp(prefix=".part-", dir=body.parent)
    try:
        with os.fdopen(handle, "wb") as target, open(body, "rb") as source:
            if os.fstat(source.fileno()).st_size == 0:
                raise bad_input("the form is empty")
            with mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as data:
                start, end = _find(data, boundary, field)
                for position in range(start, end, _CHUNK):
                    target.write(data[position : min(position + _CHUNK, end)])
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _boundary(content_type: str) -> bytes:
    message = Message()
    message["content-type"] = content_type
    boundary = message.get_boundary()
    if message.get_content_type() != "multipart/form-data" or not boundary or not _BOUNDARY.fullmatch(boundary):
        raise bad_input("a multipart/form-data body with a boundary is expected")
    return boundary.encode("ascii")


def _find(data: mmap.mmap, boundary: bytes, field: str) -> tuple[int, int]:
    """Where the field's content begins and ends."""
    opening = b"--" + boundary + b"\r\n"
    position = data.find(opening)
    while position >= 0:
        head = position + len(opening)
        blank = data.find(b"\r\n\r\n", head, head + 16_384)
        if blank < 0:
            break
        start = blank + 4
        end = data.find(b"\r\n--" + boundary, start)
        if end < 0:
            break
        headers = BytesHeaderParser().parsebytes(data[head : blank + 2])
        if headers.get_param("name", header="content-disposition") == field:
            return start, end
        position = data.find(opening, end)
    raise bad_input(f"the form has no complete file field `{field}`")
