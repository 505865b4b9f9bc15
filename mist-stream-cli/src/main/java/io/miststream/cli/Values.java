package io.miststream.cli;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the values of settings; what cannot be read is an {@link IllegalArgumentException}. */
final class Values {
  private static final Pattern TIME = Pattern.compile("(\\d{1,9})(ms|s|m|h|d)");

  private Values() {}

  static String text(String value) {
    if (value.isBlank()) {
      throw new IllegalArgumentException("must not be empty");
    }
    return value;
  }

  static long number(String value, long least, long most) {
    try {
      long number = Long.parseLong(value);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw new IllegalArgumentException("must be a whole number from " + least + " to " + most);
  }

  static Duration time(String value, long leastMillis) {
    Matcher matcher = TIME.matcher(value);
    if (matcher.matches()) {
      long number = Long.parseLong(matcher.group(1));
      Duration time =
          switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            default -> Duration.ofDays(number);
          };
      if (time.toMillis() >= leastMillis && time.compareTo(Duration.ofDays(365)) <= 0) {
        return time;
      }
    }
    throw new IllegalArgumentException(
        "must be a time such as 500ms, 30s, 5m, 1h or 90d"
            + (leastMillis == 0 ? "" : ", at least " + leastMillis + "ms")
            + ", at most 365d");
  }

  static Path path(String value) {
    try {
      return Path.of(text(value));
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException("must be a path", e);
    }
  }

  static URI uri(String value, String... schemes) {
    try {
      URI uri = new URI(value);
      if (uri.getScheme() != null && Arrays.asList(schemes).contains(uri.getScheme())) {
        return uri;
      }
    } catch (URISyntaxException e) {
      // told below
    }
    throw new IllegalArgumentException(
        "must be an address that begins with " + String.join(":// or ", schemes) + "://");
  }

  static List<String> names(String value) {
    List<String> names = Arrays.stream(value.split(",", -1)).map(String::strip).toList();
    if (names.stream().anyMatch(name -> !name.contains("{id}"))) {
      throw new IllegalArgumentException("must be names with {id} in them, separated by commas");
    }
    return names;
  }

  static List<String> list(String value) {
    List<String> list = Arrays.stream(value.split(",", -1)).map(String::strip).toList();
    if (list.stream().anyMatch(String::isEmpty)) {
      throw new IllegalArgumentException("must be texts separated by commas");
    }
    return list;
  }

  static String oneOf(String value, String... words) {
    if (!Arrays.asList(words).contains(value)) {
      throw new IllegalArgumentException("must be one of " + String.join(", ", words));
    }
    return value;
  }
}
