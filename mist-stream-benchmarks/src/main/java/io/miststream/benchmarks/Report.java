package io.miststream.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A table of figures: a row for each thing measured, a column for each figure. */
final class Report {
  private final String title;
  private final List<String> columns;
  private final Map<String, Row> rows = new LinkedHashMap<>();
  private final List<String> notes = new ArrayList<>();

  /** A row, filled round by round. */
  static final class Row {
    private final Map<String, Samples> cells = new LinkedHashMap<>();

    Row add(String column, double value) {
      cells.computeIfAbsent(column, c -> new Samples()).add(value);
      return this;
    }

    Samples get(String column) {
      return cells.getOrDefault(column, new Samples());
    }
  }

  Report(String title, String... columns) {
    this.title = title;
    this.columns = List.of(columns);
  }

  Row row(String name) {
    return rows.computeIfAbsent(name, n -> new Row());
  }

  /** Adds a column that says how many times the same figure of another row each row has. */
  Report ratios(String column, String ofRow, String as) {
    double base = row(ofRow).get(column).median();
    for (Row row : rows.values()) {
      if (!row.get(column).values.isEmpty()) {
        row.add(as, row.get(column).median() / base);
      }
    }
    return this;
  }

  Report note(String text) {
    notes.add(text);
    return this;
  }

  String markdown() {
    StringBuilder out = new StringBuilder("### ").append(title).append("\n\n|  |");
    columns.forEach(column -> out.append(' ').append(column).append(" |"));
    out.append("\n|---|").append("---|".repeat(columns.size())).append('\n');
    rows.forEach(
        (name, row) -> {
          out.append("| ").append(name).append(" |");
          columns.forEach(column -> out.append(' ').append(row.get(column)).append(" |"));
          out.append('\n');
        });
    notes.forEach(note -> out.append('\n').append(note).append('\n'));
    return out.toString();
  }
}
