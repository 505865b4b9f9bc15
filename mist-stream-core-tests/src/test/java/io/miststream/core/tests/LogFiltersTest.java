package io.miststream.core.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.ContainerStatus;
import io.miststream.core.Cursor;
import io.miststream.core.LogFilter;
import io.miststream.core.LogStream;
import io.miststream.core.topic.LogTopics;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Viewers that want some of the lines only. */
class LogFiltersTest extends LogTopicsFixture {

  @Test
  void filtersShareAStreamOfTheirOwn() throws Exception {
    for (int i = 0; i < 300; i++) {
      web.print(i % 3 == 0 ? LogStream.STDERR : LogStream.STDOUT, "line " + i);
    }
    LogFilter errors = LogFilter.of(LogStream.STDERR, null, null, null);
    ViewerReader all = open(app()).untilLine("line 299");
    ViewerReader one = open(app().withFilter(errors).withTail(20)).untilLine("line 297");
    assertThat(one.lines()).hasSize(20).startsWith("line 240");
    ViewerReader grep = open(app().withFilter(LogFilter.of(null, null, "7$", null)).withTail(5));
    grep.untilLine("line 297");
    assertThat(grep.lines())
        .containsExactly("line 257", "line 267", "line 277", "line 287", "line 297");
    int before = source.subscriptions();
    web.print(LogStream.STDERR, "line 1007");
    web.print("line 1008");
    assertThat(one.untilLine("line 1007").lines()).hasSize(21);
    assertThat(grep.untilLine("line 1007").lines()).hasSize(6);
    all.untilLine("line 1008");
    assertThat(source.subscriptions()).isEqualTo(before);
    assertThat(source.activeSubscriptions()).isEqualTo(1);
  }

  @Test
  void aFilteredViewerResumes() throws Exception {
    LogFilter grep = LogFilter.of(null, null, "0$", null);
    print(0, 100);
    ViewerReader first = open(app().withFilter(grep)).untilLine("line 50");
    Cursor cursor = first.lastId();
    first.close();
    print(100, 200);
    assertThat(open(app().withFilter(grep).withAfter(cursor)).untilLine("line 190").lines())
        .hasSize(14)
        .startsWith("line 60");
  }

  @Test
  void tooManyFiltersAreRefused() throws Exception {
    use(LogTopics.builder(source).maxFilters(1));
    open(app().withFilter(LogFilter.of(null, null, "a", null)))
        .until(ContainerStatus.class::isInstance);
    ViewerReader refused = open(app().withFilter(LogFilter.of(null, null, "b", null)));
    assertThat(refused.toTheEnd().code()).isEqualTo(1013);
    open(app().withFilter(LogFilter.of(null, null, "a", null)))
        .until(ContainerStatus.class::isInstance);
  }

  @Test
  void aFilterNobodyUsesAnyMoreLeavesRoomForAnother() throws Exception {
    use(LogTopics.builder(source).maxFilters(1));
    open(app()).until(ContainerStatus.class::isInstance);
    assertThat(open(app().withFilter(LogFilter.of(null, "nobody", null, null))).toTheEnd().code())
        .isEqualTo(1008);
    for (String grep : List.of("a", "b", "a")) {
      print(0, 3);
      ViewerReader viewer = open(app().withFilter(LogFilter.of(null, null, grep, null)));
      viewer.until(ContainerStatus.class::isInstance);
      web.print(grep);
      viewer.untilLine(grep).close();
    }
  }
}
