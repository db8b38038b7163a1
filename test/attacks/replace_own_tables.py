"""Looks around and writes tables as a person does who knows nothing of hologen: pandas, SQLAlchemy, Alembic, Django. Prints what they see."""
import json
import sys

import django
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from django.conf import settings
from pandas import DataFrame
from sqlalchemy import MetaData, create_engine, inspect
from sqlalchemy.engine import make_url

names = sys.argv[2:]
url = make_url(sys.argv[1].replace("postgresql://", "postgresql+psycopg2://"))
engine = create_engine(url)
seen = {}
inspector = inspect(engine)
seen["SQLAlchemy"] = inspector.get_table_names() + inspector.get_view_names()
with engine.connect() as connection:
    seen["Alembic"] = [repr(step) for step in compare_metadata(MigrationContext.configure(connection), MetaData())]
settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": url.host,
            "PORT": url.port,
            "USER": url.username,
            "PASSWORD": url.password,
            "NAME": url.database,
        }
    }
)
django.setup()
from django.db import connection as of_django  # noqa: E402

seen["Django"] = of_django.introspection.table_names(include_views=True)
for name in names:
    DataFrame({"n": [1, 2]}).to_sql(name, engine, if_exists="replace", index=False)
seen["pandas"] = sorted(inspect(engine).get_table_names())
print(json.dumps(seen))
