"""The progress of a statement, from the NOTICEs that the gateway sends every few seconds: a bar in a notebook, a line elsewhere."""

from __future__ import annotations

import re
import sys
from typing import Any

_counts = re.compile(r"(\d+) (done|running|saving|queued|failed)")
_width = 28


class Progress:
    def __init__(self) -> None:
        self.handle: Any = None
        self.length = 0

    def hear(self, notice: Any) -> None:
        """A NOTICE of psycopg; what is no progress is said as it is."""
        text = notice.message_primary or ""
        if not text.startswith("ai_gen: "):
            print(text, file=sys.stderr)
            return
        counts = {state: int(count) for count, state in _counts.findall(text)}
        whole = sum(counts.values())
        if whole == 0:
            print(text, file=sys.stderr)
            return
        share = (counts.get("done", 0) + counts.get("failed", 0)) / whole
        bar = "█" * round(share * _width)
        self.show(f"{bar:░<{_width}} {text[len('ai_gen: '):]}")

    def show(self, line: str) -> None:
        handle = self._notebook()
        if handle is not None:
            handle.update({"text/plain": line}, raw=True)
            return
        print("\r" + line.ljust(self.length), end="", file=sys.stderr, flush=True)
        self.length = len(line)

    def close(self) -> None:
        if self.length:
            print(file=sys.stderr)

    def _notebook(self) -> Any:
        if self.handle is None:
            try:
                from IPython import get_ipython
                from IPython.display import display

                if get_ipython() is not None and get_ipython().has_trait("kernel"):
                    self.handle = display({"text/plain": ""}, raw=True, display_id=True)
            except ImportError:
                return None
        return self.handle
