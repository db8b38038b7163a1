"""hologen in notebooks: rows whose pictures show inline, a progress bar, and Ctrl-C that cancels."""

from __future__ import annotations

import os
import threading
from typing import Any, Sequence

import psycopg

from ._progress import Progress
from ._show import html_table, text_table

__all__ = ["Gateway", "Rows", "connect"]


def connect(url: str | None = None) -> "Gateway":
    """Connects to a gateway: `url`, else HOLOGEN_URL, else what PostgreSQL's own variables say. Raises psycopg.OperationalError."""
    return Gateway(psycopg.connect(url or os.environ.get("HOLOGEN_URL", ""), autocommit=True, application_name="hologen python"))


class Rows(list):
    """Rows of a statement, each a dict; in a notebook a table with their pictures."""

    def __init__(self, gateway: "Gateway", columns: list[str], rows: list[dict[str, Any]]):
        super().__init__(rows)
        self.gateway = gateway
        self.columns = columns

    def pandas(self):
        """The rows as a pandas.DataFrame."""
        import pandas

        return pandas.DataFrame(list(self), columns=self.columns)

    def polars(self):
        """The rows as a polars.DataFrame."""
        import polars

        return polars.DataFrame({name: [row[name] for row in self] for name in self.columns})

    def _repr_html_(self) -> str:
        return html_table(self.columns, self, self.gateway.address_of)

    def __repr__(self) -> str:
        return text_table(self.columns, self)


class Gateway:
    """A connection to a gateway. Use it from one thread at a time."""

    def __init__(self, connection: psycopg.Connection):
        self.connection = connection

    def sql(self, statement: str, values: Sequence[Any] | dict[str, Any] | None = None) -> Rows:
        """Runs one statement and returns its rows. Progress is shown meanwhile; KeyboardInterrupt cancels it at the gateway."""
        progress = Progress()
        self.connection.add_notice_handler(progress.hear)
        try:
            columns, rows = self._run(statement, values)
        finally:
            self.connection.remove_notice_handler(progress.hear)
            progress.close()
        return Rows(self, columns, [dict(zip(columns, row)) for row in rows])

    def estimate(self, statement: str) -> Rows:
        """What a statement would call and cost, a row a model; nothing is sent, and what it writes is undone."""
        columns, rows = self._run("SELECT * FROM hologen.ai_estimate(%s)", [statement])
        return Rows(self, columns, [dict(zip(columns, row)) for row in rows])

    def show(self, frame: Any):
        """Shows a pandas or polars frame, or dicts, with its pictures inline. Outside of a notebook it is printed."""
        if hasattr(frame, "to_dicts"):
            rows = frame.to_dicts()
        elif hasattr(frame, "to_dict"):
            rows = frame.to_dict("records")
        else:
            rows = list(frame)
        columns = [str(name) for name in (frame.columns if hasattr(frame, "columns") else rows[0] if rows else [])]
        return _display(Rows(self, columns, [{str(name): value for name, value in row.items()} for row in rows]))

    def address_of(self, path: str) -> str | None:
        """An address that a saved output can be read at for an hour; None where the role may not, or it is gone."""
        try:
            return self.connection.execute("SELECT hologen.file_url(%s)", [path]).fetchone()[0]
        except psycopg.Error:
            return None

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> "Gateway":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, statement: str, values: Any) -> tuple[list[str], list[tuple]]:
        """In a thread, as an interrupt reaches the main one only between two steps of Python."""
        outcome: dict[str, Any] = {}

        def work() -> None:
            try:
                cursor = self.connection.execute(statement, values)
                outcome["columns"] = [column.name for column in cursor.description or []]
                outcome["rows"] = cursor.fetchall() if cursor.description else []
            except BaseException as error:  # told to whoever waits
                outcome["error"] = error

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            # Without a time limit the main thread would not hear an interrupt everywhere.
            while thread.is_alive():
                thread.join(0.2)
        except KeyboardInterrupt:
            # Over TLS, where this psycopg and its libpq can.
            getattr(self.connection, "cancel_safe", self.connection.cancel)()
            thread.join()
            raise
        if "error" in outcome:
            raise outcome["error"]
        return outcome["columns"], outcome["rows"]


def _display(rows: Rows):
    try:
        from IPython import get_ipython
    except ImportError:
        get_ipython = lambda: None  # noqa: E731
    if get_ipython() is None:
        print(repr(rows))
        return None
    from IPython.display import HTML

    return HTML(rows._repr_html_())
