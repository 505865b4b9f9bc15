package io.miststream.benchmarks;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** What one figure came to in each round. */
final class Samples {
  final List<Double> values = new ArrayList<>();

  void add(double value) {
    values.add(value);
  }

  double median() {
    List<Double> sorted = new ArrayList<>(values);
    Collections.sort(sorted);
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }

  /** Median, and in brackets the least and the most. */
  @Override
  public String toString() {
    if (values.isEmpty()) {
      return "–";
    }
    return values.size() == 1
        ? number(median())
        : number(median())
            + " ("
            + number(Collections.min(values))
            + "–"
            + number(Collections.max(values))
            + ")";
  }

  /** Three significant digits, thousands apart. */
  static String number(double value) {
    double size = Math.abs(value);
    if (size >= 1000) {
      return String.format(Locale.ROOT, "%,.0f", value).replace(',', ' ');
    }
    return String.format(Locale.ROOT, size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : "%.2f", value);
  }
}
