"""psycopg 3: `psycopg3_program.py URL SSLMODE` prints a line for each check it passed."""
import asyncio
import datetime
import decimal
import sys
import threading

import psycopg
from psycopg.types.json import Jsonb
from psycopg.types.range import Range

URL, SSLMODE = sys.argv[1:3]


def passed(name):
    print(name, flush=True)


connection = psycopg.connect(URL, sslmode=SSLMODE, autocommit=True)
assert connection.pgconn.ssl_in_use == (SSLMODE == "require")
passed("connect")

values = (
    2**62,
    decimal.Decimal("12.3400"),
    "中文 🦊",
    b"\x00\x01",
    datetime.datetime(2026, 2, 28, 12, tzinfo=datetime.timezone.utc),
    [1, None, 3],
    Range(1, 5),
    None,
    True,
)
for binary in (False, True):
    row = connection.execute("SELECT %s, %s, %s, %s, %s, %s::int[], %s::int4range, %s::int, %s", values, binary=binary)
    assert row.fetchone() == values
    assert connection.execute("SELECT %s", [Jsonb({"a": [1]})], binary=binary).fetchone() == ({"a": [1]},)
passed("text and binary")

connection.execute("CREATE TEMP TABLE t (id int PRIMARY KEY, name text, at date)")
with connection.pipeline() as pipeline:
    cursors = [connection.execute("INSERT INTO t VALUES (%s, %s, NULL) RETURNING id", (n, str(n))) for n in range(50)]
    pipeline.sync()
    assert [cursor.fetchone()[0] for cursor in cursors] == list(range(50))
    many = connection.cursor()
    many.executemany("UPDATE t SET at = %s WHERE id = %s", [("2026-01-01", n) for n in range(50)])
assert connection.execute("SELECT count(*) FROM t WHERE at = '2026-01-01'").fetchone() == (50,)
try:
    with connection.pipeline():
        connection.execute("INSERT INTO t VALUES (100, 'lost', NULL)")
        connection.execute("INSERT INTO t VALUES (1, 'twice', NULL)")
        connection.execute("INSERT INTO t VALUES (101, 'skipped', NULL)")
    raise SystemExit("a pipeline with a bad statement passed")
except psycopg.errors.UniqueViolation:
    assert connection.execute("SELECT count(*) FROM t").fetchone() == (50,)
passed("pipeline")

with connection.transaction():
    with connection.cursor("server", binary=True, scrollable=True) as server:
        server.itersize = 7
        server.execute("SELECT id FROM t ORDER BY id")
        assert [row[0] for row in server] == list(range(50))
        server.scroll(0, mode="absolute")
        assert server.fetchmany(2) == [(0,), (1,)]
passed("server cursor")

cursor = connection.cursor()
rows = [(1000 + n, f"copied {n}", datetime.date(2026, 1, 1)) for n in range(1000)]
with cursor.copy("COPY t FROM STDIN (FORMAT binary)") as copy:
    copy.set_types(["int4", "text", "date"])
    for row in rows:
        copy.write_row(row)
with cursor.copy("COPY (SELECT * FROM t WHERE id >= 1000 ORDER BY id) TO STDOUT (FORMAT binary)") as copy:
    copy.set_types(["int4", "text", "date"])
    assert list(copy.rows()) == rows
try:
    with cursor.copy("COPY t FROM STDIN") as copy:
        copy.write_row((5000, "half", None))
        raise ValueError("the program's own failure")
except (ValueError, psycopg.errors.QueryCanceled):
    assert connection.execute("SELECT count(*) FROM t WHERE id = 5000").fetchone() == (0,)
passed("copy")

connection.prepare_threshold = 2
for n in range(8):
    assert connection.execute("SELECT name FROM t WHERE id = %s", (n,)).fetchone() == (str(n),)
count = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT name FROM t%'"
assert connection.execute(count, prepare=False).fetchone() == (1,)
connection.execute("ALTER TABLE t ALTER name TYPE varchar(100)")
try:
    connection.execute("SELECT name FROM t WHERE id = %s", (1,))
except psycopg.errors.FeatureNotSupported as error:
    assert "cached plan must not change result type" in str(error)
connection.execute("DISCARD ALL")
passed("prepare_threshold")

notices = []
connection.add_notice_handler(lambda diagnostic: notices.append((diagnostic.severity, diagnostic.message_primary)))
connection.execute("DO $$ BEGIN RAISE INFO 'ü'; END $$")
assert notices == [("INFO", "ü")]
try:
    connection.execute("SELECT 'é', nope")
except psycopg.errors.UndefinedColumn as error:
    assert error.diag.statement_position == "13"
passed("notices and errors")

timer = threading.Timer(0.2, connection.cancel)
timer.start()
try:
    connection.execute("SELECT pg_sleep(30)")
    raise SystemExit("the statement was not cancelled")
except psycopg.errors.QueryCanceled:
    assert connection.execute("SELECT 1").fetchone() == (1,)
passed("cancel")

with psycopg.ClientCursor(connection) as client_side:
    assert client_side.execute("SELECT %s; SELECT 2", ("it's",)).fetchone() == ("it's",)
    assert client_side.nextset() and client_side.fetchone() == (2,)
streamed = connection.cursor().stream("SELECT n FROM generate_series(1, 3000) n")
assert sum(row[0] for row in streamed) == 4_501_500
passed("several results and single rows")


async def in_parallel():
    async with await psycopg.AsyncConnection.connect(URL, sslmode=SSLMODE, autocommit=True) as asynchronous:
        await asynchronous.execute("LISTEN news")
        connection.execute("NOTIFY news, 'fresh'")
        async for notification in asynchronous.notifies():
            assert (notification.channel, notification.payload) == ("news", "fresh")
            break


asyncio.run(in_parallel())
passed("notify")
