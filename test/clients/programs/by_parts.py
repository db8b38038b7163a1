"""Reads four rows with a call each, two at a time, in each way that Python's clients have of it; and Django's at once, whose iterator is a cursor WITH HOLD: URL, ODBC driver."""

import sys
from urllib.parse import unquote, urlsplit

import django
import psycopg2
import pyodbc
import sqlalchemy
from django.conf import settings

url, odbc_driver = sys.argv[1:]
place = urlsplit(url)
account = {"host": place.hostname, "port": place.port, "user": place.username, "password": unquote(place.password)}
database = place.path[1:]


def statement(way):
    return f"SELECT ai_gen('qwen_plus', '[[sandbox:slow=400]] ' || n || ' {way}') FROM generate_series(1, 4) n"


connection = psycopg2.connect(dbname=database, **account)
with connection.cursor("named") as cursor:
    cursor.itersize = 2
    cursor.execute(statement("by parts: psycopg 2, itersize"))
    assert len(list(cursor)) == 4
connection.close()

engine = sqlalchemy.create_engine("postgresql+psycopg2://", connect_args={"dbname": database, **account})
with engine.connect() as connection:
    parts = connection.execution_options(yield_per=2)
    assert len(list(parts.execute(sqlalchemy.text(statement("by parts: SQLAlchemy, yield_per"))))) == 4

login = f"Driver={odbc_driver};Server={place.hostname};Port={place.port};Database={database};Uid={place.username};Pwd={unquote(place.password)}"
connection = pyodbc.connect(f"{login};UseDeclareFetch=1;Fetch=2")
assert len(connection.execute(statement("by parts: psqlODBC, Fetch")).fetchall()) == 4
connection.close()

ours = {"HOST": place.hostname, "PORT": place.port, "USER": place.username, "PASSWORD": unquote(place.password)}
settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": database, **ours}}, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField")
django.setup()

from django.db import connection, models
from django.db.models import Func, TextField, Value
from django.db.models.functions import Concat


class Numbered(models.Model):
    name = models.TextField()

    class Meta:
        app_label = "shop"


with connection.schema_editor() as editor:
    editor.create_model(Numbered)
Numbered.objects.bulk_create(Numbered(name=str(number)) for number in range(1, 5))


def called(way):
    prompt = Concat(Value("[[sandbox:slow=400]] "), "name", Value(f" {way}"), output_field=TextField())
    return Numbered.objects.annotate(made=Func(Value("qwen_plus"), prompt, function="ai_gen", output_field=TextField()))


assert len(list(called("Django, as a whole"))) == 4
assert len(list(called("Django, iterator").iterator(chunk_size=2))) == 4
