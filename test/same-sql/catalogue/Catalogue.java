// pgjdbc's DatabaseMetaData: `java -cp postgresql.jar Catalogue.java URL` prints every row of every answer.
import java.net.URI;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.Properties;

public class Catalogue {
  interface Question {
    ResultSet ask() throws SQLException;
  }

  public static void main(String[] arguments) throws Exception {
    URI url = URI.create(arguments[0]);
    String[] login = url.getUserInfo().split(":");
    Properties properties = new Properties();
    properties.setProperty("user", login[0]);
    properties.setProperty("password", login[1]);
    properties.setProperty("sslmode", "disable");
    String address = "jdbc:postgresql://" + url.getHost() + ":" + url.getPort() + url.getPath();
    try (Connection connection = DriverManager.getConnection(address, properties)) {
      DatabaseMetaData data = connection.getMetaData();
      System.out.println(data.getDatabaseProductVersion() + data.getSQLKeywords() + data.getNumericFunctions()
          + data.getMaxColumnNameLength() + data.getMaxConnections() + data.getDefaultTransactionIsolation());
      show("getCatalogs", data::getCatalogs);
      show("getSchemas", data::getSchemas);
      show("getTableTypes", data::getTableTypes);
      show("getTables", () -> data.getTables(null, null, "%", null));
      show("getTables, some", () -> data.getTables(null, "shop", "%", new String[] {"TABLE", "VIEW", "PARTITIONED TABLE"}));
      show("getColumns", () -> data.getColumns(null, "shop", "%", "%"));
      show("getColumns, one", () -> data.getColumns(null, "shop", "Order Items", "order\\_id"));
      show("getPrimaryKeys", () -> data.getPrimaryKeys(null, "shop", "Order Items"));
      show("getImportedKeys", () -> data.getImportedKeys(null, "shop", "notes"));
      show("getExportedKeys", () -> data.getExportedKeys(null, "shop", "customers"));
      show("getCrossReference", () -> data.getCrossReference(null, "shop", "Order Items", null, "shop", "notes"));
      show("getIndexInfo", () -> data.getIndexInfo(null, "shop", "customers", false, false));
      show("getBestRowIdentifier", () -> data.getBestRowIdentifier(null, "shop", "notes", 2, true));
      show("getVersionColumns", () -> data.getVersionColumns(null, "shop", "customers"));
      show("getTypeInfo", data::getTypeInfo);
      show("getUDTs", () -> data.getUDTs(null, "shop", "%", null));
      show("getFunctions", () -> data.getFunctions(null, null, "%"));
      show("getFunctionColumns", () -> data.getFunctionColumns(null, "shop", "%", "%"));
      show("getProcedures", () -> data.getProcedures(null, null, "%"));
      show("getProcedureColumns", () -> data.getProcedureColumns(null, "shop", "%", "%"));
      show("getTablePrivileges", () -> data.getTablePrivileges(null, "shop", "%"));
      show("getColumnPrivileges", () -> data.getColumnPrivileges(null, "shop", "customers", "%"));
      show("getClientInfoProperties", data::getClientInfoProperties);
      describe(connection);
    }
  }

  private static void show(String title, Question question) throws SQLException {
    System.out.println("## " + title);
    try (ResultSet rows = question.ask()) {
      int columns = rows.getMetaData().getColumnCount();
      while (rows.next()) {
        StringBuilder line = new StringBuilder();
        for (int column = 1; column <= columns; column++) {
          line.append(rows.getString(column)).append('|');
        }
        System.out.println(line);
      }
    }
  }

  /** What a driver asks the server only when a program wants to know about result columns. */
  private static void describe(Connection connection) throws SQLException {
    String query = "SELECT id, \"Full Name\" AS full_name, mood, home, luck, tags FROM shop.customers WHERE id = ?";
    try (var statement = connection.prepareStatement(query)) {
      ResultSetMetaData data = statement.getMetaData();
      for (int column = 1; column <= data.getColumnCount(); column++) {
        System.out.println(data.getColumnName(column) + data.getColumnTypeName(column) + data.getTableName(column)
            + data.isAutoIncrement(column) + data.isNullable(column) + data.getColumnClassName(column));
      }
      System.out.println(statement.getParameterMetaData().getParameterTypeName(1));
    }
  }
}
