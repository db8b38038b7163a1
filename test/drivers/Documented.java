// pgjdbc: `java -cp postgresql.jar Documented.java URL DIRECTORY` prints one JSON line a result.
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Properties;

public class Documented {
  private static final List<String> ARGUMENTS = List.of("model", "request", "oss_path", "oss_endpoint", "role_arn");
  private static final String BOUND = "SELECT ai_gen(?, ?, to_file(?, ?, ?))";
  private static final String TRANSACTION =
      "SELECT current_setting('transaction_read_only') || ' ' || current_setting('transaction_isolation')";

  private static URI url;
  private static List<Path> statements;

  interface Preparation {
    void apply(Connection connection) throws SQLException;
  }

  public static void main(String[] arguments) throws Exception {
    url = URI.create(arguments[0]);
    try (var folders = Files.list(Path.of(arguments[1]))) {
      statements = folders.sorted().toList();
    }
    Preparation nothing = connection -> {};
    run("simple, printed text", "simple", true, nothing);
    run("simple, setString", "simple", false, nothing);
    run("extended, printed text", "extended", true, nothing);
    run("extended, setString", "extended", false, nothing);
    run("read only", "extended", false, connection -> {
      connection.setReadOnly(true);
      connection.setAutoCommit(false);
    });
    run("repeatable read", "extended", false, connection -> {
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      connection.setAutoCommit(false);
    });
  }

  private static void run(String mode, String queryMode, boolean printed, Preparation preparation) throws Exception {
    try (Connection connection = connect(queryMode)) {
      preparation.apply(connection);
      try (Statement state = connection.createStatement(); ResultSet row = state.executeQuery(TRANSACTION)) {
        row.next();
        show("mode", mode, "transaction", row.getString(1));
      }
      // One statement for all calls: from the fifth on the driver uses a named statement of the server.
      try (PreparedStatement bound = connection.prepareStatement(BOUND); Statement plain = connection.createStatement()) {
        for (Path folder : statements) {
          try (ResultSet row = printed ? plain.executeQuery(read(folder, "statement.sql")) : execute(bound, folder)) {
            row.next();
            show("mode", mode, "statement", folder.getFileName().toString(), "result", row.getString(1));
          }
        }
      }
    }
  }

  private static ResultSet execute(PreparedStatement bound, Path folder) throws Exception {
    for (int index = 0; index < ARGUMENTS.size(); index++) {
      bound.setString(index + 1, read(folder, ARGUMENTS.get(index)));
    }
    return bound.executeQuery();
  }

  private static Connection connect(String queryMode) throws SQLException {
    String[] account = url.getUserInfo().split(":");
    Properties properties = new Properties();
    properties.setProperty("user", account[0]);
    properties.setProperty("password", account[1]);
    properties.setProperty("preferQueryMode", queryMode);
    return DriverManager.getConnection("jdbc:postgresql://" + url.getAuthority().split("@")[1] + url.getPath(), properties);
  }

  private static String read(Path folder, String file) throws IOException {
    return Files.readString(folder.resolve(file));
  }

  private static void show(String... keysAndValues) {
    StringBuilder line = new StringBuilder();
    for (int index = 0; index < keysAndValues.length; index += 2) {
      line.append(index == 0 ? "{" : ",").append(quote(keysAndValues[index])).append(':').append(quote(keysAndValues[index + 1]));
    }
    System.out.println(line.append('}'));
  }

  /** Everything beyond ASCII is escaped, so that the encoding of standard output does not matter. */
  private static String quote(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (char letter : text.toCharArray()) {
      if (letter == '"' || letter == '\\') quoted.append('\\').append(letter);
      else if (letter < ' ' || letter > '~') quoted.append(String.format("\\u%04x", (int) letter));
      else quoted.append(letter);
    }
    return quoted.append('"').toString();
  }
}
