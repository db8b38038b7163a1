"""Values as a notebook shows them: results of ai_gen and paths of pictures as the pictures themselves, all else as text."""

from __future__ import annotations

import base64
import html
import io
import json
from typing import Any, Callable, Iterable, Sequence
from urllib.request import urlopen

AddressOf = Callable[[str], "str | None"]

_pictures = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")
_most_rows = 50
_side = 256
_most_bytes = 16 * 1024 * 1024
_seconds = 30


def html_table(columns: Sequence[str], rows: Sequence[dict], address_of: AddressOf) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{_cell(row.get(name), address_of)}</td>" for name in columns) + "</tr>" for row in rows[:_most_rows]
    )
    more = f"<p>The first {_most_rows} of {len(rows)} rows.</p>" if len(rows) > _most_rows else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def text_table(columns: Sequence[str], rows: Iterable[dict]) -> str:
    return "\n".join([" | ".join(columns), *(" | ".join(_short(row.get(name)) for name in columns) for row in rows)])


def _short(value: Any) -> str:
    text = "NULL" if value is None else str(value)
    return text if len(text) <= 200 else text[:199] + "…"


def _cell(value: Any, address_of: AddressOf) -> str:
    media = _media_of(value)
    if not media:
        return html.escape(_short(value))
    return "".join(_shown(path, url, address_of) for path, url in media)


def _media_of(value: Any) -> list[tuple[str | None, str | None]]:
    """Path in a store and address at the provider, of each file that a value names."""
    if not isinstance(value, str):
        return []
    if value.startswith("oss://") and value.lower().endswith((*_pictures, ".mp4")):
        return [(value, None)]
    try:
        result = json.loads(value) if value.startswith("{") else None
    except ValueError:
        return []
    if not isinstance(result, dict):
        return []
    urls = result.get("image_urls") or []
    paths = result.get("image_oss_paths") or [None] * len(urls)
    output = result.get("output") if isinstance(result.get("output"), dict) else {}
    if output.get("video_url"):
        return [(output.get("video_oss_path"), output["video_url"])]
    return list(zip(paths, urls)) if len(paths) == len(urls) else [(path, None) for path in paths]


def _shown(path: str | None, url: str | None, address_of: AddressOf) -> str:
    address = (path and address_of(path)) or url
    name = html.escape(path or url or "", quote=True)
    if not address:
        return f"<span>{name} (gone)</span>"
    if address.split("?")[0].lower().endswith(".mp4"):
        return f'<video controls width="{_side}" src="{html.escape(address, quote=True)}" title="{name}"></video>'
    try:
        data, kind = _small(_read(address))
    except OSError:
        return f"<span>{name} (gone)</span>"
    # Inside of the notebook: an address would be of no use tomorrow.
    return f'<img width="{_side}" title="{name}" src="data:image/{kind};base64,{base64.b64encode(data).decode()}">'


def _read(address: str) -> bytes:
    with urlopen(address, timeout=_seconds) as answer:
        data = answer.read(_most_bytes + 1)
    if len(data) > _most_bytes:
        raise OSError("the picture is too large to stand in a notebook")
    return data


def _small(data: bytes) -> tuple[bytes, str]:
    try:
        from PIL import Image
    except ImportError:
        return data, "png"
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    picture.thumbnail((2 * _side, 2 * _side))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue(), "jpeg"
