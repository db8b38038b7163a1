"""What JupySQL 0.11 asks of SQLAlchemy for a cell, its frame shown by the package: `jupysql_replay.py URI STATEMENT`, the gateway in HOLOGEN_URL."""
# src/sql/connection/connection.py of https://github.com/ploomber/jupysql: SQLAlchemyConnection.__init__, raw_execute.
import re
import sys

import hologen
import pandas
import sqlalchemy

uri, statement = sys.argv[1:3]
connection = sqlalchemy.create_engine(uri).connect()
connection.execution_options(isolation_level="AUTOCOMMIT")
# A quoted word that begins with a colon is escaped; any other would be a parameter.
escaped = re.sub(r"(['\"]):(\w+)\1", r"\1\\:\2\1", statement)
results = connection.execute(sqlalchemy.text(escaped), {})
frame = pandas.DataFrame(results.fetchall(), columns=list(results.keys()))
print(list(frame.columns), len(frame))
for _, picture in frame.itertuples(index=False):
    print(picture)

with hologen.connect() as gateway:
    gateway.show(frame)
