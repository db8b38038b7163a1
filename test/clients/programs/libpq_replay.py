"""
What clients that are not installed here ask of libpq, call by call, as their sources have it. Prints a line for each that got four rows.
DuckDB: postgres_query of duckdb-postgres (src/postgres_query.cpp, src/postgres_scanner.cpp, at 8422ea3). RPostgres: src/PqResultImpl.cpp.
"""
import sys

from psycopg import pq

url = sys.argv[1].encode()


def made(way):
    made_here = f"SELECT n, ai_gen('qwen_plus', '[[sandbox:slow=400]] ' || n || ' ' || {way}) AS slogan FROM generate_series(1, 4) n"
    return made_here.encode()


def connect():
    connection = pq.PGconn.connect(url)
    assert connection.status == pq.ConnStatus.OK, connection.error_message
    return connection


def ran(result, *statuses):
    assert result.status in (statuses or (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK)), result.error_message
    return result


duckdb = connect()
ran(duckdb.exec_(b"SELECT version(), (SELECT COUNT(*) FROM pg_settings WHERE name LIKE 'rds%')"))
ran(duckdb.exec_(b"BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
query = made("'DuckDB'")
ran(duckdb.prepare(b"", query))
described = ran(duckdb.describe_prepared(b""))
names = b", ".join(b'"' + described.fname(n) + b'"' for n in range(described.nfields))
copy = b'COPY (SELECT ' + names + b' FROM (' + query + b') AS __unnamed_subquery ) TO STDOUT (FORMAT "binary");'
ran(duckdb.exec_(copy), pq.ExecStatus.COPY_OUT)
pieces = []
while True:
    length, data = duckdb.get_copy_data(0)
    if length < 0:
        break
    pieces.append(bytes(data))
ran(duckdb.get_result())
while duckdb.get_result():
    pass
ran(duckdb.exec_(b"COMMIT"))
assert b"".join(pieces).count(b"[sandbox qwen-plus]") == 4
print("DuckDB")

r = connect()
ran(r.exec_(b"SET datestyle to 'iso, mdy'"))
ran(r.prepare(b"", made("$1")))
assert ran(r.describe_prepared(b"")).nparams == 1
r.send_query_prepared(b"", [b"RPostgres"])
r.set_single_row_mode()
rows = 0
while result := r.get_result():
    if ran(result, pq.ExecStatus.SINGLE_TUPLE, pq.ExecStatus.TUPLES_OK).status == pq.ExecStatus.SINGLE_TUPLE:
        rows += 1
assert rows == 4
print("RPostgres")
