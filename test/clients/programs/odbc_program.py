"""psqlODBC: `odbc_program.py URL SSLMODE DRIVER` prints a line for each check it passed, in every way of fetching and preparing."""
import datetime
import decimal
import sys
import threading
import time
from urllib.parse import urlsplit

import pyodbc

URL, SSLMODE, DRIVER = sys.argv[1:4]
url = urlsplit(URL)
login = (
    f"Driver={DRIVER};Server={url.hostname};Port={url.port};Database={url.path[1:]};Uid={url.username};"
    f"Pwd={url.password};SSLmode={SSLMODE};"
)


def check(fetch, prepare):
    connection = pyodbc.connect(f"{login}UseDeclareFetch={fetch};Fetch=10;UseServerSidePrepare={prepare};ByteaAsLongVarBinary=1")
    cursor = connection.cursor()
    values = (41, "it's 中文 🦊", None, decimal.Decimal("12.50"), datetime.date(2026, 2, 28), b"\x00\xff")
    cursor.execute("SELECT ?::int + 1, ?::text, ?::text, ?::numeric(10,2), ?::date, ?::bytea", values)
    assert tuple(cursor.fetchone()) == (42, *values[1:])
    cursor.execute("SELECT n, 'row ' || n FROM generate_series(1, 95) n")
    assert tuple(cursor.fetchmany(12)[-1]) == (12, "row 12") and len(cursor.fetchall()) == 83
    cursor.execute("CREATE TEMP TABLE t (id int PRIMARY KEY, name varchar(50))")
    cursor.executemany("INSERT INTO t VALUES (?, ?)", [(n, f"name {n}") for n in range(30)])
    connection.commit()
    assert cursor.execute("SELECT count(*), max(name) FROM t WHERE id < ?", 10).fetchone()[0] == 10
    assert cursor.execute("UPDATE t SET name = 'x' WHERE id > ?", 20).rowcount == 9
    connection.rollback()
    try:
        cursor.execute("INSERT INTO t VALUES (?, ?)", 1, "again")
        raise SystemExit("a second 1 was taken")
    except pyodbc.IntegrityError as error:
        assert error.args[0] == "23505" and "t_pkey" in error.args[1]
    connection.rollback()
    cursor.execute("SELECT 1 AS a; SELECT 'two' AS b")
    assert cursor.fetchall()[0][0] == 1 and cursor.nextset() and cursor.fetchall()[0][0] == "two"
    connection.commit()
    description = cursor.execute("SELECT id, name FROM t WHERE id = ?", 3).description
    assert [(each[0], each[1].__name__) for each in description] == [("id", "int"), ("name", "str")]
    connection.close()
    print(f"UseDeclareFetch={fetch} UseServerSidePrepare={prepare}", flush=True)


for fetch in (0, 1):
    for prepare in (0, 1):
        check(fetch, prepare)

connection = pyodbc.connect(login, autocommit=True)
cursor = connection.cursor()
canceller = threading.Timer(0.2, cursor.cancel)
canceller.start()
begin = time.monotonic()
try:
    cursor.execute("SELECT pg_sleep(30)")
    raise SystemExit("the statement was not cancelled")
except pyodbc.Error:
    assert time.monotonic() - begin < 10
assert cursor.execute("SELECT 1").fetchone()[0] == 1
print("cancel", flush=True)
