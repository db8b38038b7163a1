"""psqlODBC's catalogue functions: `odbc_catalogue.py URL DRIVER` prints every row of every answer."""
import sys
from urllib.parse import urlsplit

import pyodbc

url = urlsplit(sys.argv[1])
connection = pyodbc.connect(
    f"Driver={sys.argv[2]};Server={url.hostname};Port={url.port};Database={url.path[1:]};Uid={url.username};"
    f"Pwd={url.password};SSLmode=disable",
    autocommit=True,
)
cursor = connection.cursor()


def show(title, rows):
    print("##", title)
    for row in rows:
        print(list(row))


show("SQLTables, all", cursor.tables())
show("SQLTables, catalogues", cursor.tables(catalog="%", schema="", table="", tableType=""))
show("SQLTables, views", cursor.tables(schema="shop", tableType="VIEW,MATVIEW"))
show("SQLColumns, all", cursor.columns(schema="shop"))
show("SQLColumns, one", cursor.columns(table="Order Items", schema="shop", column="order%"))
show("SQLPrimaryKeys", cursor.primaryKeys(table="Order Items", schema="shop"))
show("SQLForeignKeys, of", cursor.foreignKeys(table="customers", schema="shop"))
show("SQLForeignKeys, in", cursor.foreignKeys(foreignTable="notes", foreignSchema="shop"))
show("SQLStatistics", cursor.statistics("customers", schema="shop"))
show("SQLStatistics, unique", cursor.statistics("customers", schema="shop", unique=True))
show("SQLSpecialColumns, row id", cursor.rowIdColumns("customers", schema="shop"))
show("SQLSpecialColumns, version", cursor.rowVerColumns("customers", schema="shop"))
show("SQLProcedures", cursor.procedures(schema="shop"))
show("SQLProcedureColumns", cursor.procedureColumns(schema="shop"))
show("SQLGetTypeInfo", cursor.getTypeInfo())
cursor.execute('SELECT * FROM shop.customers WHERE false')
show("description", cursor.description)
for number in (pyodbc.SQL_DBMS_NAME, pyodbc.SQL_DBMS_VER, pyodbc.SQL_DATABASE_NAME, pyodbc.SQL_USER_NAME):
    print(connection.getinfo(number))
