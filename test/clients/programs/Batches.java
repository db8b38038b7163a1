import java.net.URI;
import java.sql.*;

/** Makes four calls by a batch in each of the driver's modes, in a transaction and without, and by one that gives rows back. */
public class Batches {
  public static void main(String[] arguments) throws Exception {
    var url = URI.create(arguments[0].replaceFirst("^postgresql:", "http:"));
    var account = url.getUserInfo().split(":", 2);
    for (String mode : new String[] {"simple", "extended", "extendedForPrepared", "extendedCacheEverything"}) {
      for (boolean transaction : new boolean[] {false, true}) {
        var way = "pgjdbc batch: " + mode + (transaction ? ", in a transaction" : "");
        var address = "jdbc:postgresql://" + url.getHost() + ":" + url.getPort() + url.getPath() + "?preferQueryMode=" + mode;
        try (var connection = DriverManager.getConnection(address, account[0], account[1]);
             var statement = connection.prepareStatement("INSERT INTO made VALUES (?, ai_gen('qwen_plus', ?))")) {
          connection.setAutoCommit(!transaction);
          for (int n = 1; n <= 4; n++) {
            statement.setInt(1, n);
            statement.setString(2, "[[sandbox:slow=400]] " + n + " " + way);
            statement.addBatch();
          }
          if (statement.executeBatch().length != 4) throw new AssertionError(way);
          if (transaction) connection.commit();
          System.out.println(way);
        }
      }
    }
  }
}
