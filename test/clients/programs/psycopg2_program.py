"""psycopg2: `psycopg2_program.py URL SSLMODE` prints a line for each check it passed."""
import io
import select
import sys
import threading

import psycopg2
import psycopg2.errors
import psycopg2.extras
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT, POLL_OK, POLL_READ, POLL_WRITE

URL, SSLMODE = sys.argv[1:3]


def connect(**options):
    return psycopg2.connect(URL, sslmode=SSLMODE, **options)


def passed(name):
    print(name, flush=True)


connection = connect(application_name="psycopg2 program")
cursor = connection.cursor()
assert connection.info.ssl_in_use == (SSLMODE == "require")
assert connection.info.parameter_status("application_name") == "psycopg2 program"
assert connection.get_backend_pid() == connection.info.backend_pid
cursor.execute("SELECT pg_backend_pid()")
assert cursor.fetchone() == (connection.get_backend_pid(),)
passed("connect")

cursor.execute("SELECT %s, %s, %s, %s::jsonb, %s", ("it's 中文", [1, None], None, '{"a": [1]}', b"\x00\xff"))
text, numbers, nothing, document, data = cursor.fetchone()
assert (text, numbers, nothing, document, bytes(data)) == ("it's 中文", [1, None], None, {"a": [1]}, b"\x00\xff")
passed("types")

cursor.execute("CREATE TEMP TABLE t (id int PRIMARY KEY, name text)")
psycopg2.extras.execute_values(cursor, "INSERT INTO t VALUES %s", [(n, f"row {n}") for n in range(500)])
connection.commit()
with connection.cursor("named", scrollable=True) as named:
    named.itersize = 100
    named.execute("SELECT id, name FROM t ORDER BY id")
    assert named.fetchmany(3) == [(0, "row 0"), (1, "row 1"), (2, "row 2")]
    assert sum(1 for _ in named) == 497
    named.scroll(10, mode="absolute")
    assert named.fetchone() == (10, "row 10")
passed("named cursor")

out = io.StringIO()
cursor.copy_expert("COPY (SELECT * FROM t WHERE id < 3 ORDER BY id) TO STDOUT WITH CSV HEADER", out)
assert out.getvalue() == "id,name\n0,row 0\n1,row 1\n2,row 2\n"
cursor.copy_expert("COPY t FROM STDIN WITH CSV", io.StringIO('1000,"a, b"\n1001,\n'))
assert cursor.rowcount == 2
try:
    cursor.copy_expert("COPY t FROM STDIN", io.StringIO("1002\tok\nx\tbroken\n"))
    raise SystemExit("a broken row was taken")
except psycopg2.errors.InvalidTextRepresentation as error:
    assert error.diag.context == 'COPY t, line 2, column id: "x"'
connection.rollback()
passed("copy")

cursor.execute("DO $$ BEGIN RAISE NOTICE 'one 🦊'; RAISE WARNING 'two'; END $$")
assert connection.notices[-2:] == ["NOTICE:  one 🦊\n", "WARNING:  two\n"]
passed("notices")

try:
    cursor.execute("INSERT INTO t VALUES (1, 'again')")
    raise SystemExit("a second 1 was taken")
except psycopg2.errors.UniqueViolation as error:
    assert (error.pgcode, error.diag.constraint_name, error.diag.table_name) == ("23505", "t_pkey", "t")
    assert error.diag.message_detail == "Key (id)=(1) already exists."
connection.rollback()
passed("errors")

threading.Timer(0.2, connection.cancel).start()
try:
    cursor.execute("SELECT pg_sleep(30)")
    raise SystemExit("the statement was not cancelled")
except psycopg2.errors.QueryCanceled:
    connection.rollback()
passed("cancel")

connection.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
cursor.execute("LISTEN news")
other = connect()
other.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
other.cursor().execute("NOTIFY news, 'fresh'")
assert select.select([connection], [], [], 10)[0]
connection.poll()
assert [(each.pid, each.channel, each.payload) for each in connection.notifies] == [
    (other.get_backend_pid(), "news", "fresh")
]
passed("notify")

large = connection.cursor()
connection.set_session(autocommit=False)
lobject = connection.lobject(0, "wb")
lobject.write(b"\x00" * 300_000 + b"end")
lobject.seek(-3, 2)
assert connection.lobject(lobject.oid, "rb").read() == b"\x00" * 300_000 + b"end"
lobject.unlink()
connection.commit()
passed("large object")

first = connection.xid(1, "global", "branch")
try:
    connection.tpc_begin(first)
    cursor.execute("SELECT 1")
    connection.tpc_prepare()
    raise SystemExit("prepared although max_prepared_transactions is 0")
except psycopg2.errors.ObjectNotInPrerequisiteState:
    connection.tpc_rollback()
passed("two-phase refusal")

waiting = connect(async_=True)


def wait():
    while (state := waiting.poll()) != POLL_OK:
        select.select([waiting] if state == POLL_READ else [], [waiting] if state == POLL_WRITE else [], [], 10)


wait()
lazy = waiting.cursor()
lazy.execute("SELECT repeat('x', 1000000)")
wait()
assert len(lazy.fetchone()[0]) == 1_000_000
passed("asynchronous")
