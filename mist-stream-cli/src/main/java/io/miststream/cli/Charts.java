package io.miststream.cli;

import java.util.List;
import java.util.Locale;

/** Pictures made of characters, and figures as people read them. */
final class Charts {
  private static final String BLOCKS = "▁▂▃▄▅▆▇█";
  private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};

  private Charts() {}

  /** A bar of so many cells, as much of it full as the percentage says. */
  static String bar(double percent, int cells) {
    int full = (int) Math.round(Math.max(0, Math.min(100, percent)) * cells / 100);
    return "[" + "#".repeat(full) + "-".repeat(cells - full) + "]";
  }

  /** The newest values that so many cells have room for, from none to {@code most}. */
  static String sparkline(List<Double> values, double most, int cells) {
    StringBuilder line = new StringBuilder();
    for (double value : values.subList(Math.max(0, values.size() - cells), values.size())) {
      double share = most <= 0 ? 0 : Math.max(0, Math.min(1, value / most));
      line.append(BLOCKS.charAt((int) Math.min(BLOCKS.length() - 1, share * BLOCKS.length())));
    }
    return line.toString();
  }

  /** A size such as {@code 4.0 GiB}. */
  static String bytes(long size) {
    double number = size;
    int unit = 0;
    while (number >= 1024 && unit < UNITS.length - 1) {
      number /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", number, UNITS[unit]);
  }

  /** A text with figures in it, the same in every country. */
  static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
