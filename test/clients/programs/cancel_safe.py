"""psycopg 3.2 and newer, on libpq 17 and newer, cancels over an encrypted connection: `cancel_safe.py URL SSLMODE`."""
import sys
import threading

import psycopg

url, sslmode = sys.argv[1:3]
assert psycopg.capabilities.has_cancel_safe(check=True)
connection = psycopg.connect(url, sslmode=sslmode, autocommit=True)
print("tls", str(connection.pgconn.ssl_in_use).lower())
failures = []


def cancel():
    try:
        connection.cancel_safe(timeout=30)
    except psycopg.Error as error:
        failures.append(error)


cancelled = 0
for _ in range(10):
    timer = threading.Timer(0.1, cancel)
    timer.start()
    try:
        connection.execute("SELECT pg_sleep(60)")
    except psycopg.errors.QueryCanceled:
        cancelled += 1
    timer.join()
assert not failures, failures
print(f"cancelled {cancelled}, goes on {connection.execute('SELECT 1').fetchone()[0]}")
