"""psycopg2: `psycopg2_client.py URL DIRECTORY` prints one JSON line a result. It writes parameters into the statement itself."""
import psycopg2
from documented_statements import TRANSACTION, URL, show, statements

BOUND = "SELECT ai_gen(%s, %s, to_file(%s, %s, %s))"


def run(mode, printed=False, named=False, isolation=None, readonly=None, autocommit=False):
    connection = psycopg2.connect(URL)
    connection.set_session(isolation_level=isolation, readonly=readonly, autocommit=autocommit)
    with connection.cursor() as cursor:
        cursor.execute(TRANSACTION)
        show(mode, transaction=cursor.fetchone()[0])
    for name, text, arguments in statements():
        with connection.cursor("documented" if named else None) as cursor:
            cursor.execute(*((text,) if printed else (BOUND, arguments)))
            show(mode, statement=name, result=cursor.fetchone()[0])
    connection.close()


run("simple", printed=True, autocommit=True)
run("parameters")
run("server-side cursor", named=True)
run("read only", readonly=True)
run("repeatable read", isolation="REPEATABLE READ")
