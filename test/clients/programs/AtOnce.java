import java.net.URI;
import java.sql.*;

/** Makes four calls in one statement in each of the driver's modes, with and without a fetch size. */
public class AtOnce {
  public static void main(String[] arguments) throws Exception {
    var url = URI.create(arguments[0].replaceFirst("^postgresql:", "http:"));
    var account = url.getUserInfo().split(":", 2);
    for (String mode : new String[] {"simple", "extended", "extendedForPrepared", "extendedCacheEverything"}) {
      for (int fetch : new int[] {0, 100}) {
        var way = "pgjdbc, " + mode + (fetch > 0 ? ", fetch size" : "");
        var address = "jdbc:postgresql://" + url.getHost() + ":" + url.getPort() + url.getPath() + "?preferQueryMode=" + mode;
        try (var connection = DriverManager.getConnection(address, account[0], account[1]);
             var statement = connection.prepareStatement(
                 "SELECT ai_gen('qwen_plus', '[[sandbox:slow=400]] ' || n || ' ' || ?) FROM generate_series(1, 4) n")) {
          connection.setAutoCommit(fetch == 0);
          statement.setFetchSize(fetch);
          statement.setString(1, way);
          int rows = 0;
          try (var result = statement.executeQuery()) {
            while (result.next()) rows += 1;
          }
          if (rows != 4) throw new AssertionError(way);
          System.out.println(way);
        }
      }
    }
  }
}
