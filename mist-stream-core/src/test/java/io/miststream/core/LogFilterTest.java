package io.miststream.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is case, and what a character class holds, is the JDK's to say. */
@Tag("jdk")
class LogFilterTest {
  private static LogLine line(String text, LogStream stream) {
    Cursor cursor = Cursor.of(Cursor.Mark.of(1, stream == LogStream.STDOUT ? 0 : 1, 1, 0));
    return new LogLine(Instant.EPOCH, cursor, text, stream, "web", false);
  }

  private static boolean grep(String expression, String text) {
    return LogFilter.of(null, null, expression, null).accepts(line(text, LogStream.STDOUT));
  }

  @Test
  void searchesAnywhereInTheLine() {
    assertThat(grep("ERR.R", "12:00 ERROR no disk")).isTrue();
    assertThat(grep("^ERROR", "12:00 ERROR no disk")).isFalse();
    assertThat(grep("", "anything")).isTrue();
    assertThat(grep("(?i)error", "an Error")).isTrue();
  }

  @Test
  void ansiCodesAreNotPartOfTheText() {
    assertThat(grep("^ERROR: disk$", "\u001b[1;31mERR\u001b[0mOR: \u001b[Kdisk")).isTrue();
    assertThat(grep("^title$", "\u001b]0;window\u0007title")).isTrue();
    assertThat(grep("^title$", "\u001b]8;;http://x\u001b\\title")).isTrue();
    assertThat(grep("31m", "\u001b[31mred")).isFalse();
  }

  @Test
  void excludeWins() {
    LogFilter filter = LogFilter.of(null, null, "GET", "/health");
    assertThat(filter.accepts(line("GET /shop", LogStream.STDOUT))).isTrue();
    assertThat(filter.accepts(line("GET /health", LogStream.STDOUT))).isFalse();
    assertThat(filter.accepts(line("POST /shop", LogStream.STDOUT))).isFalse();
  }

  @Test
  void streamAndContainerAreExact() {
    assertThat(
            LogFilter.of(LogStream.STDERR, null, null, null).accepts(line("x", LogStream.STDOUT)))
        .isFalse();
    assertThat(
            LogFilter.of(LogStream.STDERR, null, null, null).accepts(line("x", LogStream.STDERR)))
        .isTrue();
    assertThat(LogFilter.of(null, "we", null, null).accepts(line("x", LogStream.STDOUT))).isFalse();
    assertThat(LogFilter.of(null, "web", null, null).accepts(line("x", LogStream.STDOUT))).isTrue();
  }

  @Test
  void badPatternsSayWhy() {
    assertThatThrownBy(() -> LogFilter.of(null, null, "(", null))
        .isInstanceOfSatisfying(
            StreamException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
              assertThat(e).hasMessageContaining("grep").hasMessageContaining("missing closing )");
            });
    assertThatThrownBy(() -> LogFilter.of(null, null, null, "a(?=b)"))
        .as("lookahead cannot be matched in linear time")
        .hasMessageContaining("exclude");
  }

  @Test
  void patternsAreLimitedTo512Characters() {
    assertThat(LogFilter.of(null, null, "x".repeat(512), null).grep()).hasSize(512);
    assertThatThrownBy(() -> LogFilter.of(null, null, "x".repeat(513), null))
        .hasMessageContaining("512");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a{1000}",
        "a{2,1000}",
        "a{1000,}",
        "(a{10}){100}",
        "(?:(?:a{10}){10}b?){10}",
        "(a{1000}|b{1000})+",
        "a{900}b{900}c{900}d{900}e{900}",
        "\\Q((a{1000}){1000}){1000}\\E",
        "\\(a{1000}\\){2}",
        "[(]a{1000}[)]{2}",
        "[]({1000})]{1000}",
        "[[:alpha:](]{1000}",
        "\\x{1000}{999}",
        "\\p{Greek}{999}",
        "(a{1000}){,2}{x}{",
      })
  void countedRepetitionsUpTo1000AreFine(String expression) {
    assertThat(LogFilter.of(null, null, expression, null).grep()).isEqualTo(expression);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "((a{1000}){1000}){1000}",
        "(a{1000}){2}",
        "(a{10}){101}",
        "(?:(?:a{10}){10}b?){11}",
        "(?P<name>x|(a{2,1000})*){2,}",
        "(a{1000})(?i){2}",
        "(?i)(?:a{1000})(?-s){2}",
        "(a{1000})\\Q\\E{2}",
        "(\\Q{\\E{1000}){2}",
        "([[:alpha:])]{1000}){2}",
        "([^]){]{1000}){2}",
        "([\\]){]{1000}){2}",
        "(\\x{28}{1000}){2}",
      })
  void nestedCountsThatRepeatMoreThan1000TimesAreRefused(String expression) {
    assertThatThrownBy(() -> LogFilter.of(null, null, expression, null))
        .isInstanceOf(StreamException.class)
        .hasMessage("grep repeats something more than 1000 times, counts in counts multiplied")
        .extracting(e -> ((StreamException) e).code())
        .isEqualTo(ErrorCode.INVALID_REQUEST);
  }

  @Test
  void sequencesOfCountsAreLimitedTogether() {
    LogFilter.of(null, null, "a{1000}".repeat(4) + "b{999}", null);
    assertThatThrownBy(() -> LogFilter.of(null, null, null, "a{1000}".repeat(5)))
        .hasMessage("exclude is longer than 5000 characters once its counts are written out");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(?i)\u1c80",
        "\u1c88(?s-i)",
        "(?smi:\\x{1C84})",
        "(?i)\\x{0001c88}",
        "(?i)[\u1c80]",
        "(?i)\\Q\u1c81\\E",
        "(?i)[\\x80-\\x{10ffff}]",
        "(?i)[^]\u0430-\\\u20ac]",
        "(?i)[[:alpha:]a-\ud83d\ude80]",
        "a|(?U-i)[+--\\x{1c80}]",
        "(?i)[\\]\\x{1c88}-\\x{1c90}]",
      })
  void charactersWhoseOtherCasesAreLookedForWithoutEndAreRefused(String expression) {
    assertThatThrownBy(() -> LogFilter.of(null, null, expression, null))
        .isInstanceOf(StreamException.class)
        .hasMessage("grep has characters from U+1C80 to U+1C88 and (?i), which do not go together");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\u1c80",
        "[\\x80-\\x{10ffff}]",
        "(?s)[\u1c80-\u1c88]",
        "(?P<it>\u1c85)",
        "(?i)\u1c7f\\x{1c89}",
        "(?i)a-\u20ac",
        "(?i)[^a-z]",
        "(?i)\\W\\PL[[:^alpha:]]",
        "(?i)[\u0430-\u044f]",
        "(?i)[a-z\u20ac]",
        "(?i)[\\x{4e00}-\\x{9fff}]",
        "(?i)[B-\u1c7f]",
        "(?i)[\u1c89-\\x{10ffff}]",
      })
  void noOtherCharacterIs(String expression) {
    assertThat(LogFilter.of(null, null, expression, null).grep()).isEqualTo(expression);
  }

  @Test
  void everyCharacterOfTwoCasesIsFoundInEitherOrRefused() {
    int[] cased =
        IntStream.rangeClosed(0, Character.MAX_CODE_POINT)
            .filter(c -> Character.toLowerCase(c) != c || Character.toUpperCase(c) != c)
            .toArray();
    assertTimeoutPreemptively(
        Duration.ofMinutes(1),
        () -> {
          for (int c : cased) {
            String expression = "(?i)" + Character.toString(c);
            if (PatternLimit.problem(expression) == null) {
              assertThat(grep(expression, Character.toString(c))).as(expression).isTrue();
            } else {
              assertThat(c).isBetween(0x1c80, 0x1c88);
            }
          }
        });
    assertThat(cased).hasSizeGreaterThan(2_000);
  }

  @Test
  void whateverIsAcceptedCompilesToAProgramOfBoundedSize() {
    String[] parts = {
      "a",
      "(",
      ")",
      "(?:",
      "(?i)",
      "(?i:",
      "[",
      "]",
      "[^",
      "]",
      "[:alpha:]",
      "|",
      "*",
      "?",
      "{9}",
      "{0,9}",
      "{9,}",
      "{1000}",
      "{30}",
      "\\Q",
      "\\E",
      "\\",
      "\\p{",
      "\\x{",
      "}",
      "\\d",
      "^",
      "(a{9})",
      "(?:b{30})",
      "-",
      ":",
      "\\pL",
      "\\b",
      "\\012",
      "🚀",
      "\\x{1c7f}",
      "\u1c85",
      " "
    };
    Random random = new Random(42);
    int accepted = 0;
    for (int i = 0; i < 20_000; i++) {
      StringBuilder expression = new StringBuilder();
      for (int n = random.nextInt(12); n >= 0; n--) {
        expression.append(parts[random.nextInt(parts.length)]);
      }
      if (PatternLimit.problem(expression.toString()) == null) {
        try {
          // A character is at most an instruction for itself and two for its being optional.
          assertThat(Pattern.compile(expression.toString()).programSize())
              .as(expression.toString())
              .isLessThan(3 * PatternLimit.MAX_SIZE + 100);
          accepted++;
        } catch (PatternSyntaxException e) {
          // Malformed ones are RE2/J's to refuse.
        }
      }
    }
    assertThat(accepted).isGreaterThan(1_000);
  }

  @Test
  void filtersThatSayTheSameAreEqual() {
    LogFilter one = LogFilter.of(LogStream.STDOUT, "web", "a", "b");
    assertThat(one).isEqualTo(LogFilter.of(LogStream.STDOUT, "web", "a", "b"));
    assertThat(one).hasSameHashCodeAs(LogFilter.of(LogStream.STDOUT, "web", "a", "b"));
    assertThat(one).isNotEqualTo(LogFilter.of(LogStream.STDOUT, "web", "a", "c"));
    assertThat(LogFilter.of(null, null, null, null)).isSameAs(LogFilter.ALL);
  }
}
