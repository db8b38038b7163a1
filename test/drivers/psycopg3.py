"""psycopg 3: `psycopg3.py URL DIRECTORY` prints one JSON line a result. Its parameters are of unknown type and bound by the server."""
import psycopg
from documented_statements import TRANSACTION, URL, show, statements

BOUND = "SELECT ai_gen(%s, %s, to_file(%s, %s, %s))"


def run(mode, printed=False, prepare=None, binary=False, isolation=None, cursor_factory=None, **options):
    with psycopg.connect(URL, cursor_factory=cursor_factory or psycopg.Cursor, **options) as connection:
        connection.isolation_level = isolation
        with connection.cursor(binary=binary) as cursor:
            show(mode, transaction=cursor.execute(TRANSACTION).fetchone()[0])
            for name, text, arguments in statements():
                if printed:
                    cursor.execute(text, prepare=prepare)
                else:
                    cursor.execute(BOUND, arguments, prepare=prepare)
                show(mode, statement=name, result=cursor.fetchone()[0])


run("simple", printed=True)
run("prepared", prepare=True)
run("client-side binding", cursor_factory=psycopg.ClientCursor)
run("binary results", binary=True)
run("read only", options="-c default_transaction_read_only=on")
run("repeatable read", isolation=psycopg.IsolationLevel.REPEATABLE_READ)
