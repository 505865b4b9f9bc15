package io.miststream.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is printed of what was measured. */
class ReportTest {
  @TempDir private Path directory;

  @Test
  void aFigureIsTheMedianWithTheLeastAndTheMost() {
    Report report = new Report("Title", "lines/s", "× slow");
    report.row("slow").add("lines/s", 10).add("lines/s", 30).add("lines/s", 20);
    report.row("fast").add("lines/s", 12_345_678);
    assertThat(report.ratios("lines/s", "slow", "× slow").markdown())
        .isEqualTo(
            """
            ### Title

            |  | lines/s | × slow |
            |---|---|---|
            | slow | 20.0 (10.0–30.0) | 1.00 |
            | fast | 12 345 678 | 617 284 |
            """);
  }

  @Test
  void aRunReplacesItsOwnSectionOfThePage() throws Exception {
    Path file = directory.resolve("page.md");
    for (String text : List.of("old", "new")) {
      Page page = new Page(file, List.of("a", "b"));
      if (text.equals("old")) {
        page.replace("b", "### of b");
      }
      page.replace("a", text);
      page.write();
    }
    assertThat(Files.readString(file)).endsWith("\n## a\n\nnew\n\n## b\n\n### of b\n");
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 2048})
  void messagesHaveTheSizeThatIsAskedFor(int size) {
    LoadMessages messages = new LoadMessages(size);
    assertThat(Json.of(messages.line(0))).hasSize(size).contains("seq=000000000000 ");
    assertThat(Json.of(messages.line(1_234_567))).hasSize(size).contains("seq=000001234567 ");
  }
}
