"""SQLAlchemy's inspector, as Superset uses it: `sqlalchemy_inspector.py URL` prints everything it finds."""
import sys
from pprint import pprint

from sqlalchemy import MetaData, create_engine, inspect

engine = create_engine(sys.argv[1].replace("postgresql:", "postgresql+psycopg2:"))
inspector = inspect(engine)
print(inspector.default_schema_name)
pprint(inspector.get_schema_names())
for schema in ("shop", "public", "hologen", "hologres"):
    pprint(inspector.get_table_names(schema))
    pprint(inspector.get_view_names(schema))
    pprint(inspector.get_sequence_names(schema))
    pprint(inspector.get_enums(schema))
tables = inspector.get_table_names("shop") + inspector.get_view_names("shop")
for name in tables:
    print("##", name)
    pprint([{**column, "type": repr(column["type"])} for column in inspector.get_columns(name, "shop")])
    pprint(inspector.get_pk_constraint(name, "shop"))
    pprint(inspector.get_foreign_keys(name, "shop"))
    pprint(inspector.get_indexes(name, "shop"))
    pprint(inspector.get_unique_constraints(name, "shop"))
    pprint(inspector.get_check_constraints(name, "shop"))
    pprint(inspector.get_table_comment(name, "shop"))
print(inspector.get_view_definition("happy", "shop"))
metadata = MetaData()
metadata.reflect(engine, schema="shop", views=True)
for table in metadata.sorted_tables:
    pprint([table.fullname, *((column.name, repr(column.type), column.nullable) for column in table.columns)])
