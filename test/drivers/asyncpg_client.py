"""asyncpg: `asyncpg_client.py URL DIRECTORY` prints one JSON line a result. It prepares everything and reads binary results."""
import asyncio

import asyncpg
from documented_statements import TRANSACTION, URL, show, statements

BOUND = "SELECT ai_gen($1, $2, to_file($3, $4, $5))"


async def run(mode, printed=False, transaction=None, settings=None):
    connection = await asyncpg.connect(URL, server_settings=settings)
    if transaction:
        await transaction(connection).start()
    show(mode, transaction=await connection.fetchval(TRANSACTION))
    for name, text, arguments in statements():
        call = (text,) if printed else (BOUND, *arguments)
        show(mode, statement=name, result=await connection.fetchval(*call))
    await connection.close()


async def main():
    await run("prepared, printed text", printed=True)
    await run("prepared")
    await run("read only", settings={"default_transaction_read_only": "on"})
    await run("repeatable read", transaction=lambda c: c.transaction(isolation="repeatable_read"))


asyncio.run(main())
