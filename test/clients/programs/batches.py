"""Makes four calls by a batch in each way that Python's clients have of it: URL, and what the names of the ways begin with. Prints each way when it is done."""

import asyncio
import sys
from urllib.parse import unquote, urlsplit

import psycopg
import sqlalchemy

url, *beginning = sys.argv[1:]
place = urlsplit(url)
account = {"host": place.hostname, "port": place.port, "user": place.username, "password": unquote(place.password)}
database = place.path[1:]


def prompts(way):
    return [f"[[sandbox:slow=400]] {n} {''.join(beginning)}batch: {way}" for n in range(1, 5)]


def done(way):
    print(way, flush=True)


with psycopg.connect(dbname=database, **account) as connection:
    rows = [(n, prompt) for n, prompt in enumerate(prompts("psycopg 3 executemany"), 1)]
    connection.cursor().executemany("INSERT INTO made VALUES (%s, ai_gen('qwen_plus', %s))", rows)
    done("psycopg 3 executemany")
    with connection.pipeline():
        cursors = [connection.execute("SELECT ai_gen('qwen_plus', %s)", [prompt]) for prompt in prompts("psycopg 3 pipeline")]
        assert all(cursor.fetchone() for cursor in cursors)
    done("psycopg 3 pipeline")
    ids = [(prompt, n) for n, prompt in enumerate(prompts("psycopg 3 UPDATE"), 1)]
    connection.cursor().executemany("UPDATE made SET r = ai_gen('qwen_plus', %s) WHERE id = %s", ids)
    done("psycopg 3 UPDATE")

dialects = ["psycopg2", "psycopg"] if sqlalchemy.__version__.startswith("2") else ["psycopg2"]
if not beginning:
    import asyncpg
    import psycopg2
    from psycopg2.extras import execute_batch

    connection = psycopg2.connect(dbname=database, **account)
    with connection, connection.cursor() as cursor:
        values = [(prompt,) for prompt in prompts("psycopg 2 execute_batch")]
        execute_batch(cursor, "INSERT INTO made VALUES (1, ai_gen('qwen_plus', %s))", values)
    connection.close()
    done("psycopg 2 execute_batch")

    async def with_asyncpg():
        connection = await asyncpg.connect(database=database, **account)
        rows = [(n, prompt) for n, prompt in enumerate(prompts("asyncpg executemany"), 1)]
        await connection.executemany("INSERT INTO made VALUES ($1, ai_gen('qwen_plus', $2))", rows)
        await connection.close()

    asyncio.run(with_asyncpg())
    done("asyncpg executemany")

for dialect in dialects:
    way = f"SQLAlchemy, {dialect}"
    engine = sqlalchemy.create_engine(
        sqlalchemy.engine.URL.create(f"postgresql+{dialect}", database=database, **{("username" if k == "user" else k): v for k, v in account.items()})
    )
    table = sqlalchemy.Table("made", sqlalchemy.MetaData(), sqlalchemy.Column("id"), sqlalchemy.Column("r"))
    with engine.begin() as connection:
        call = sqlalchemy.func.ai_gen("qwen_plus", sqlalchemy.bindparam("prompt"))
        connection.execute(table.insert().values(id=1, r=call), [{"prompt": prompt} for prompt in prompts(way)])
    done(way)
