package io.miststream.cli;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which values a setting can have.
 *
 * @param label stands for a value in the help
 * @param rule what a value must be, behind the word "must"
 * @param isList whether the file may give a sequence instead of commas
 * @param reader the value of a text, null if it breaks the rule
 */
record SettingType<T>(
    String label, String rule, boolean isList, Function<String, @Nullable T> reader) {

  // Docker's own rule for names of containers.
  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]*");
  private static final Pattern WHOLE = Pattern.compile("-?[0-9]{1,18}");

  private static <T> SettingType<T> of(
      String label, String rule, Function<String, @Nullable T> reader) {
    return new SettingType<>(label, rule, false, reader);
  }

  static SettingType<String> text(String label) {
    return of(label, "not be empty", text -> text.isBlank() ? null : text);
  }

  static SettingType<Integer> number(int least, int most) {
    String range =
        most == Integer.MAX_VALUE ? "of " + least + " or more" : "from " + least + " to " + most;
    return of(
        "N",
        "be a whole number " + range,
        text -> {
          long number = WHOLE.matcher(text).matches() ? Long.parseLong(text) : Long.MIN_VALUE;
          return number < least || number > most ? null : (int) number;
        });
  }

  static SettingType<Duration> time(Duration least) {
    String range = least.isZero() ? "" : ", " + Durations.format(least) + " or more";
    return of(
        "TIME",
        "be a time such as 500ms, 30s, 5m or 1h" + range,
        text -> {
          Duration time = Durations.parse(text);
          return time == null || time.compareTo(least) < 0 ? null : time;
        });
  }

  static SettingType<String> word(String... words) {
    List<String> all = Arrays.asList(words);
    return of(
        "WORD",
        "be one of " + String.join(", ", all),
        text -> all.contains(text) ? text : null);
  }

  static SettingType<URI> engine() {
    return of(
        "URI",
        "be unix:///path/to/socket or tcp://host:port",
        text -> {
          try {
            URI uri = new URI(text);
            boolean socket = "unix".equals(uri.getScheme()) && !text.equals("unix://");
            boolean host = "tcp".equals(uri.getScheme()) && uri.getHost() != null;
            return socket || host ? uri : null;
          } catch (URISyntaxException e) {
            return null;
          }
        });
  }

  static SettingType<List<String>> namePatterns() {
    return new SettingType<>(
        "NAME,…",
        "be names of containers, each with {id} in it",
        true,
        text -> {
          List<String> names = Arrays.stream(text.split(",", -1)).map(String::trim).toList();
          return names.stream().allMatch(n -> n.contains("{id}") && isName(n.replace("{id}", "1")))
              ? names
              : null;
        });
  }

  static boolean isName(String text) {
    return NAME.matcher(text).matches();
  }

  /**
   * Reads a value.
   *
   * @param text as it was given
   * @param place where it was given, which begins the message
   * @throws UsageException if it breaks the rule
   */
  T read(String text, String place) {
    T value = reader.apply(text);
    if (value == null) {
      throw new UsageException(place + " must " + rule + ", and is \"" + text + "\"");
    }
    return value;
  }
}
