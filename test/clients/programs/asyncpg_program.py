"""asyncpg: `asyncpg_program.py URL SSLMODE` prints a line for each check it passed."""
import asyncio
import datetime
import decimal
import io
import sys

import asyncpg

URL, SSLMODE = sys.argv[1:3]


def passed(name):
    print(name, flush=True)


async def main():
    connection = await asyncpg.connect(URL, ssl=SSLMODE)
    assert connection.get_settings().server_encoding == "UTF8"
    assert await connection.fetchval("SELECT pg_backend_pid()") == connection.get_server_pid()
    passed("connect")

    await connection.execute("DROP SCHEMA IF EXISTS asyncpg_play CASCADE; CREATE SCHEMA asyncpg_play")
    await connection.execute("SET search_path = asyncpg_play")
    await connection.execute("CREATE TYPE mood AS ENUM ('sad', 'über'); CREATE DOMAIN luck AS int")
    await connection.execute("CREATE TYPE pair AS (a int, b mood, c luck[])")
    await connection.reload_schema_state()
    row = await connection.fetchrow(
        "SELECT $1::mood, $2::pair, $3::pair[], $4::int4range, $5::luck",
        *("über", (1, "sad", [7]), [(2, None, None)], asyncpg.Range(1, 5), 9),
    )
    assert row[0] == "über" and tuple(row[1]) == (1, "sad", [7]) and tuple(row[2][0]) == (2, None, None)
    assert row[3] == asyncpg.Range(1, 5) and row[4] == 9
    passed("types with introspection")

    moment = datetime.datetime(2026, 2, 28, tzinfo=datetime.timezone.utc)
    values = (decimal.Decimal("1.50"), b"\x00\xff", moment, datetime.timedelta(days=1, seconds=5), [[1, 2], [3, 4]], None)
    statement = await connection.prepare(
        "SELECT $1::numeric, $2::bytea, $3::timestamptz, $4::interval, $5::int[], $6::text AS last"
    )
    for _ in range(3):
        assert tuple(await statement.fetchrow(*values)) == values
    assert [each.type.name for each in statement.get_attributes()][-1] == "text"
    passed("prepared")

    async with connection.transaction():
        cursor = await connection.cursor("SELECT n FROM generate_series(1, 100) n")
        assert [each["n"] for each in await cursor.fetch(3)] == [1, 2, 3]
        assert await cursor.forward(90) == 90
        assert len(await cursor.fetch(100)) == 7
        walked = [each["n"] async for each in connection.cursor("SELECT generate_series(1, 95) n", prefetch=10)]
        assert walked == list(range(1, 96))
    passed("cursor")

    await connection.execute("CREATE TABLE t (id int PRIMARY KEY, name text, at date)")
    records = [(n, f"row {n} 中", datetime.date(2026, 1, 1)) for n in range(2000)]
    assert await connection.copy_records_to_table("t", records=records) == "COPY 2000"
    out = io.BytesIO()
    await connection.copy_from_query("SELECT id FROM t WHERE id < $1 ORDER BY id", 3, output=out, format="csv")
    assert out.getvalue() == b"0\n1\n2\n"
    try:
        await connection.copy_records_to_table("t", records=[(5000, "new", None), (1, "again", None)])
        raise SystemExit("a second 1 was taken")
    except asyncpg.UniqueViolationError as error:
        assert error.constraint_name == "t_pkey"
    passed("copy")

    await connection.executemany("UPDATE t SET name = $2 WHERE id = $1", [(n, "new") for n in range(100)])
    assert await connection.fetchval("SELECT count(*) FROM t WHERE name = 'new'") == 100
    try:
        async with connection.transaction():
            async with connection.transaction():
                await connection.execute("DELETE FROM t")
                await connection.execute("SELECT 1 / 0")
    except asyncpg.DivisionByZeroError:
        assert await connection.fetchval("SELECT count(*) FROM t") == 2000
    passed("batch and transactions")

    heard = asyncio.Queue()
    await connection.add_listener("news", lambda *news: heard.put_nowait(news[1:]))
    other = await asyncpg.connect(URL, ssl=SSLMODE)
    await other.execute("NOTIFY news, 'fresh'")
    assert await asyncio.wait_for(heard.get(), 10) == (other.get_server_pid(), "news", "fresh")
    await other.close()
    passed("listen")

    notices = []
    connection.add_log_listener(lambda _, message: notices.append((message.severity, message.message)))
    await connection.execute("DO $$ BEGIN RAISE NOTICE '🦊'; END $$")
    await asyncio.sleep(0)
    assert notices == [("NOTICE", "🦊")]
    passed("notices")

    try:
        await connection.execute("SELECT pg_sleep(30)", timeout=0.2)
        raise SystemExit("the statement was not cancelled")
    except asyncio.TimeoutError:
        assert await connection.fetchval("SELECT 1") == 1
    passed("cancel")

    await connection.execute("DROP SCHEMA asyncpg_play CASCADE")
    await connection.close()
    async with asyncpg.create_pool(URL, ssl=SSLMODE, min_size=4, max_size=4) as pool:
        sums = await asyncio.gather(*(pool.fetchval("SELECT sum(n) FROM generate_series(1, $1) n", n) for n in range(1, 40)))
        assert sums == [n * (n + 1) // 2 for n in range(1, 40)]
    passed("pool")


asyncio.run(main())
