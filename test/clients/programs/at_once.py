"""Makes four calls in one statement in each way that Python's clients have of it: URL, sslmode, ODBC driver, and what the names of the ways begin with. Prints each way when its rows are there."""

import asyncio
import sys
from urllib.parse import unquote, urlsplit

import asyncpg
import pandas
import psycopg
import psycopg2
import pyodbc
import sqlalchemy

url, _sslmode, odbc_driver, *beginning = sys.argv[1:]
place = urlsplit(url)
account = {"host": place.hostname, "port": place.port, "user": place.username, "password": unquote(place.password)}
database = place.path[1:]
engine = sqlalchemy.create_engine(
    sqlalchemy.engine.URL.create("postgresql+psycopg2", database=database, **{("username" if k == "user" else k): v for k, v in account.items()})
)


def statement(parameter):
    return f"SELECT ai_gen('qwen_plus', '[[sandbox:slow=400]] ' || n || ' {''.join(beginning)}' || {parameter}) FROM generate_series(1, 4) n"


def made(way, rows):
    assert len(rows) == 4, way
    print(way, flush=True)


with psycopg.connect(dbname=database, **account) as connection:
    made("psycopg 3", connection.execute(statement("%s"), ["psycopg 3"]).fetchall())
    with connection.cursor("named") as cursor:
        made("psycopg 3, named cursor", cursor.execute(statement("%s"), ["psycopg 3, named cursor"]).fetchall())

connection = psycopg2.connect(dbname=database, **account)
for way, name in {"psycopg 2": None, "psycopg 2, named cursor": "named"}.items():
    with connection.cursor(name) as cursor:
        cursor.execute(statement("%s"), [way])
        made(way, cursor.fetchall())
connection.close()


async def with_asyncpg():
    connection = await asyncpg.connect(database=database, **account)
    made("asyncpg", await connection.fetch(statement("$1::text"), "asyncpg"))
    await connection.close()


asyncio.run(with_asyncpg())

with engine.connect() as connection:
    made("SQLAlchemy", connection.execute(sqlalchemy.text(statement(":way")), {"way": "SQLAlchemy"}).fetchall())
    made("pandas", pandas.read_sql(sqlalchemy.text(statement(":way")), connection, params={"way": "pandas"}))

for fetch in (0, 1):
    for prepare in (0, 1):
        way = f"psqlODBC, UseDeclareFetch={fetch} UseServerSidePrepare={prepare}"
        login = f"Driver={odbc_driver};Server={place.hostname};Port={place.port};Database={database};Uid={place.username};Pwd={unquote(place.password)}"
        connection = pyodbc.connect(f"{login};UseDeclareFetch={fetch};UseServerSidePrepare={prepare}")
        made(way, connection.execute(statement("cast(? as text)"), way).fetchall())
        connection.close()
