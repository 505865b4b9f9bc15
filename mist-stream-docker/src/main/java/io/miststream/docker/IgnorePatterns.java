package io.miststream.docker;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** The rules of a {@code .dockerignore} file, as the docker command understands them. */
final class IgnorePatterns {
  private static final String QUOTED = ".$+(){}|";

  private record Rule(Pattern pattern, boolean keep) {}

  private final List<Rule> rules = new ArrayList<>();

  /**
   * @throws IllegalArgumentException with the line that is no pattern
   */
  IgnorePatterns(List<String> lines) {
    for (String line : lines) {
      String text = line.strip();
      if (text.isEmpty() || text.startsWith("#")) {
        continue;
      }
      boolean keep = text.startsWith("!");
      String path = clean(keep ? text.substring(1).strip() : text);
      if (!path.isEmpty()) {
        rules.add(new Rule(pattern(path, text), keep));
      }
    }
  }

  /** Whether a path, relative and with slashes, is left out. */
  boolean matches(String path) {
    boolean ignored = false;
    for (Rule rule : rules) {
      // Only a rule that would change something.
      if (rule.keep == ignored && matchesPathOrParent(rule.pattern, path)) {
        ignored = !rule.keep;
      }
    }
    return ignored;
  }

  /** Whether something within a directory that is left out may be kept. */
  boolean mayKeepWithin() {
    return rules.stream().anyMatch(Rule::keep);
  }

  private static boolean matchesPathOrParent(Pattern pattern, String path) {
    for (int end = path.length(); end > 0; end = path.lastIndexOf('/', end - 1)) {
      if (pattern.matcher(path).region(0, end).matches()) {
        return true;
      }
    }
    return false;
  }

  /** Without slashes at both ends, and without steps that lead nowhere. */
  private static String clean(String path) {
    List<String> parts = new ArrayList<>();
    for (String part : path.split("/+", -1)) {
      if (part.equals("..") && !parts.isEmpty()) {
        parts.remove(parts.size() - 1);
      } else if (!part.isEmpty() && !part.equals(".") && !part.equals("..")) {
        parts.add(part);
      }
    }
    return String.join("/", parts);
  }

  private static Pattern pattern(String glob, String line) {
    StringBuilder regex = new StringBuilder();
    for (int i = 0; i < glob.length(); i++) {
      char c = glob.charAt(i);
      if (glob.startsWith("**", i)) {
        i++;
        if (i + 1 == glob.length()) {
          regex.append(".*");
        } else {
          i += glob.charAt(i + 1) == '/' ? 1 : 0;
          regex.append("(.*/)?");
        }
      } else if (c == '*') {
        regex.append("[^/]*");
      } else if (c == '?') {
        regex.append("[^/]");
      } else if (c == '\\' && i + 1 < glob.length()) {
        regex.append(Pattern.quote(glob.substring(++i, i + 1)));
      } else if (QUOTED.indexOf(c) >= 0) {
        regex.append('\\').append(c);
      } else {
        regex.append(c);
      }
    }
    try {
      return Pattern.compile(regex.toString(), Pattern.DOTALL);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(line, e);
    }
  }
}
