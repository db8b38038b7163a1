// pgjdbc: `java -cp postgresql.jar Checks.java URL SSLMODE` prints a line for each check it passed, in every query mode.
import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.net.URI;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.Objects;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

public class Checks {
  private static URI url;
  private static String sslmode;

  public static void main(String[] arguments) throws Exception {
    url = URI.create(arguments[0]);
    sslmode = arguments[1];
    for (String mode : new String[] {"simple", "extended", "extendedForPrepared", "extendedCacheEverything"}) {
      for (String binary : new String[] {"false", "true"}) {
        try (Connection connection = connect(mode, binary)) {
          values(connection);
          batch(connection);
          fetchSize(connection, mode);
          errors(connection);
          // In the simple mode this driver writes {? = call} with one argument too many.
          if (!mode.equals("simple")) {
            routines(connection);
          }
        }
      }
      System.out.println("preferQueryMode=" + mode);
    }
    try (Connection connection = connect("extended", "true")) {
      copy(connection);
      cancel(connection);
      notifications(connection);
      generatedKeys(connection);
      largeObjects(connection);
    }
  }

  private static Connection connect(String mode, String binary) throws SQLException {
    String[] login = url.getUserInfo().split(":");
    Properties properties = new Properties();
    properties.setProperty("user", login[0]);
    properties.setProperty("password", login[1]);
    properties.setProperty("sslmode", sslmode);
    properties.setProperty("preferQueryMode", mode);
    properties.setProperty("binaryTransfer", binary);
    // From the first execution on: named statements of the server, binary results where asked for.
    properties.setProperty("prepareThreshold", binary.equals("true") ? "-1" : "1");
    return DriverManager.getConnection("jdbc:postgresql://" + url.getHost() + ":" + url.getPort() + url.getPath(), properties);
  }

  private static void same(Object seen, Object expected) {
    if (!Objects.deepEquals(seen, expected)) {
      throw new AssertionError(seen + " is not " + expected);
    }
  }

  /** Returns the message. */
  private static String refused(String state, SqlAction action) throws Exception {
    try {
      action.run();
    } catch (SQLException error) {
      same(error.getSQLState(), state);
      return error.getMessage();
    }
    throw new AssertionError("not refused with " + state);
  }

  interface SqlAction {
    void run() throws Exception;
  }

  private static void values(Connection connection) throws SQLException {
    String echo = "SELECT ?::int8, ?::text, ?::numeric, ?::bytea, ?::timestamptz, ?::int[], ?::text, ?::float8, ?::uuid";
    OffsetDateTime moment = OffsetDateTime.parse("2026-02-28T12:00:00Z");
    try (var statement = connection.prepareStatement(echo)) {
      for (int round = 0; round < 3; round++) {
        statement.setLong(1, Long.MIN_VALUE);
        statement.setString(2, "it's 中文 🦊");
        statement.setBigDecimal(3, new BigDecimal("12.3400"));
        // As text: in the simple mode this driver cannot send bytes.
        statement.setString(4, "\\x00ff");
        statement.setObject(5, moment);
        statement.setArray(6, connection.createArrayOf("int4", new Integer[] {1, null, 3}));
        statement.setNull(7, java.sql.Types.VARCHAR);
        statement.setDouble(8, 0.1);
        statement.setObject(9, new java.util.UUID(1, 2));
        try (ResultSet row = statement.executeQuery()) {
          row.next();
          same(row.getLong(1), Long.MIN_VALUE);
          same(row.getString(2), "it's 中文 🦊");
          same(row.getBigDecimal(3), new BigDecimal("12.3400"));
          same(row.getBytes(4), new byte[] {0, -1});
          same(row.getObject(5, OffsetDateTime.class).toInstant(), moment.toInstant());
          same(row.getArray(6).getArray(), new Integer[] {1, null, 3});
          same(row.getString(7), null);
          same(row.getDouble(8), 0.1);
          same(row.getObject(9), new java.util.UUID(1, 2));
        }
      }
    }
  }

  private static void batch(Connection connection) throws Exception {
    try (Statement plain = connection.createStatement()) {
      plain.execute("CREATE TEMP TABLE t (id int PRIMARY KEY, name text)");
    }
    try (var insert = connection.prepareStatement("INSERT INTO t VALUES (?, ?)")) {
      for (int id = 0; id < 300; id++) {
        insert.setInt(1, id);
        insert.setString(2, "row " + id);
        insert.addBatch();
      }
      same(Arrays.stream(insert.executeBatch()).sum(), 300);
      insert.setInt(1, 1);
      insert.setString(2, "again");
      insert.addBatch();
      try {
        insert.executeBatch();
        throw new AssertionError("a second 1 was taken");
      } catch (BatchUpdateException error) {
        same(error.getSQLState(), "23505");
      }
    }
  }

  private static void fetchSize(Connection connection, String mode) throws SQLException {
    connection.setAutoCommit(false);
    try (var query = connection.prepareStatement("SELECT id FROM t ORDER BY id")) {
      query.setFetchSize(7);
      try (ResultSet rows = query.executeQuery()) {
        for (int id = 0; id < 300; id++) {
          same(rows.next() ? rows.getInt(1) : -1, id);
        }
        same(rows.next(), false);
      }
      query.setMaxRows(5);
      try (ResultSet rows = query.executeQuery()) {
        int count = 0;
        while (rows.next()) {
          count++;
        }
        // A simple Query has no row limit.
        same(count, mode.equals("simple") ? 300 : 5);
      }
    }
    connection.commit();
    connection.setAutoCommit(true);
  }

  private static void errors(Connection connection) throws Exception {
    try (Statement plain = connection.createStatement()) {
      refused("42703", () -> plain.executeQuery("SELECT 'é', nope"));
      refused("22012", () -> plain.execute("SELECT 1; SELECT 1 / 0; SELECT 2"));
      plain.execute("DO $$ BEGIN RAISE WARNING 'ü'; END $$");
      same(plain.getWarnings().getMessage(), "ü");
      // What the driver adds to a message is of the person's own code, or it is not there.
      same(refused("42704", () -> plain.execute("SELECT ai_gen('nobody', 'x')")).contains("Where:"), false);
      plain.execute("CREATE FUNCTION pg_temp.asks() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN ai_gen('nobody', 'x'); END $$");
      same(refused("42704", () -> plain.execute("SELECT pg_temp.asks()")).matches("(?s).*\n  Where: PL/pgSQL function \\w+\\.asks\\(\\) line 1 at RETURN"), true);
    }
    try (Statement plain = connection.createStatement()) {
      var results = new java.util.ArrayList<Object>();
      boolean rows = plain.execute("UPDATE t SET name = 'x' WHERE id < 10; DELETE FROM t WHERE id > 297; SELECT 'b'");
      while (rows || plain.getUpdateCount() >= 0) {
        results.add(rows ? "rows" : plain.getUpdateCount());
        rows = plain.getMoreResults();
      }
      same(results.toString(), "[10, 2, rows]");
    }
    connection.setAutoCommit(false);
    var point = connection.setSavepoint("here");
    try (Statement plain = connection.createStatement()) {
      refused("23505", () -> plain.execute("INSERT INTO t VALUES (1, 'x')"));
      refused("25P02", () -> plain.execute("SELECT 1"));
      connection.rollback(point);
      plain.execute("SELECT 1");
    }
    connection.commit();
    connection.setAutoCommit(true);
  }

  private static void routines(Connection connection) throws SQLException {
    try (var call = connection.prepareCall("{? = call upper(?)}")) {
      call.registerOutParameter(1, java.sql.Types.VARCHAR);
      call.setString(2, "grün");
      call.execute();
      same(call.getString(1), "GRÜN");
    }
  }

  private static void copy(Connection connection) throws Exception {
    try (Statement plain = connection.createStatement()) {
      plain.execute("CREATE TEMP TABLE c (id int, name text)");
    }
    var copies = connection.unwrap(PGConnection.class).getCopyAPI();
    same(copies.copyIn("COPY c FROM STDIN CSV", new StringReader("1,\"a, b\"\n2,中文\n")), 2L);
    StringWriter out = new StringWriter();
    same(copies.copyOut("COPY c TO STDOUT", out), 2L);
    same(out.toString(), "1\ta, b\n2\t中文\n");
    refused("22P02", () -> copies.copyIn("COPY c FROM STDIN", new StringReader("x\ty\n")));
    var half = copies.copyIn("COPY c FROM STDIN");
    half.writeToCopy("3\tthree\n".getBytes(), 0, 8);
    half.cancelCopy();
    try (Statement plain = connection.createStatement(); ResultSet row = plain.executeQuery("SELECT count(*) FROM c")) {
      row.next();
      same(row.getInt(1), 2);
    }
    System.out.println("CopyManager");
  }

  private static void cancel(Connection connection) throws Exception {
    try (Statement slow = connection.createStatement()) {
      slow.setQueryTimeout(1);
      refused("57014", () -> slow.execute("SELECT pg_sleep(30)"));
      slow.setQueryTimeout(0);
      Thread other = new Thread(() -> {
        try {
          Thread.sleep(200);
          slow.cancel();
        } catch (Exception error) {
          throw new IllegalStateException(error);
        }
      });
      other.start();
      refused("57014", () -> slow.execute("SELECT pg_sleep(30)"));
      other.join();
      slow.execute("SELECT 1");
    }
    same(connection.isValid(5), true);
    System.out.println("setQueryTimeout and cancel");
  }

  private static void notifications(Connection connection) throws Exception {
    try (Statement plain = connection.createStatement()) {
      plain.execute("LISTEN news");
      plain.execute("NOTIFY news, 'fresh'");
    }
    PGNotification[] heard = connection.unwrap(PGConnection.class).getNotifications(5000);
    same(heard[0].getParameter(), "fresh");
    same(heard[0].getPID(), connection.unwrap(PGConnection.class).getBackendPID());
    System.out.println("notifications");
  }

  private static void generatedKeys(Connection connection) throws SQLException {
    try (Statement plain = connection.createStatement()) {
      plain.execute("CREATE TEMP TABLE keyed (id serial PRIMARY KEY, name text)");
      plain.executeUpdate("INSERT INTO keyed (name) VALUES ('a'), ('b')", Statement.RETURN_GENERATED_KEYS);
      try (ResultSet keys = plain.getGeneratedKeys()) {
        keys.next();
        same(keys.getInt("id"), 1);
      }
    }
    try (Statement updating = connection.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE);
        ResultSet rows = updating.executeQuery("SELECT id, name FROM keyed ORDER BY id")) {
      rows.last();
      rows.updateString("name", "changed");
      rows.updateRow();
      rows.moveToInsertRow();
      rows.updateInt("id", 9);
      rows.insertRow();
    }
    System.out.println("generated keys and updatable rows");
  }

  private static void largeObjects(Connection connection) throws SQLException {
    connection.setAutoCommit(false);
    var objects = connection.unwrap(PGConnection.class).getLargeObjectAPI();
    long id = objects.createLO();
    var written = objects.open(id);
    written.write("through function calls".getBytes());
    written.seek(8);
    same(new String(written.read(8)), "function");
    written.close();
    objects.delete(id);
    connection.commit();
    System.out.println("large objects");
  }
}
