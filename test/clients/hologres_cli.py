"""Speaks as Alibaba's hologres-cli does: `hologres_cli.py URL COMMANDS` runs a JSON list of commands and prints a JSON line for each.

A command is {statement, parameters} or {call, arguments}, with {write, newest, times}, or {statement, copied} for COPY: a text to send, or "". As in the client each has a connection of its own,
the settings come before the statement, sessions are read-only unless they write, texts go as parameters of unknown type.
"""
import json
import sys
from urllib.parse import unquote, urlparse

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

URL, COMMANDS = sys.argv[1:3]
ADAPTIVE = "SET hg_experimental_enable_adaptive_execution = on"
SERVERLESS = "SET hg_computing_resource = 'serverless'"
READ_ONLY = "SET default_transaction_read_only = ON"


def connect(write, newest):
    url = urlparse(URL)
    connection = psycopg.connect(
        host=url.hostname, port=url.port, dbname=url.path[1:], user=unquote(url.username), password=unquote(url.password),
        application_name="hologres-cli", connect_timeout=10,
        keepalives=1, keepalives_idle=130, keepalives_interval=10, keepalives_count=15, autocommit=True)
    # Older clients set both at connect; newer ones the first only before SELECT, INSERT, UPDATE.
    for setting in ([] if newest else [ADAPTIVE]) + [SERVERLESS] + ([] if write else [READ_ONLY]):
        connection.execute(setting)
    return connection


def text_of(connection, command):
    """CALL statements are written out with psycopg's literals, everything else is as given."""
    if "call" not in command:
        return command["statement"], command.get("parameters")
    literals = sql.SQL(", ").join(sql.Literal(value) for value in command["arguments"])
    return sql.SQL("CALL {}({})").format(sql.SQL(command["call"]), literals).as_string(connection), None


def copy(connection, command):
    with connection.cursor() as cursor, cursor.copy(command["statement"]) as stream:
        if command["copied"]:
            stream.write(command["copied"])
            return []
        return [{"copied": bytes(block).decode()} for block in stream]


def run(connection, command):
    text, parameters = text_of(connection, command)
    line = {"text": text}
    try:
        if "copied" in command:
            return {**line, "rows": copy(connection, command), "state": connection.info.transaction_status.name}
        with connection.cursor(row_factory=dict_row) as cursor:
            if command.get("newest"):
                cursor.execute(ADAPTIVE)
            for _ in range(command.get("times", 1)):
                cursor.execute(text, tuple(parameters) if parameters is not None else None)
            line["types"] = [column.type_code for column in cursor.description or []]
            line["rows"] = cursor.fetchall() if cursor.description else []
    except psycopg.Error as error:
        line["error"] = str(error)
        line["sqlstate"] = error.sqlstate
    line["state"] = connection.info.transaction_status.name
    return line


for each in json.loads(COMMANDS):
    with connect(each.get("write", False), each.get("newest", False)) as session:
        print(json.dumps(run(session, each), default=str), flush=True)
