package io.miststream.docker;

import io.miststream.core.App;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What no message about a deployment may contain. */
final class Secrets {
  private static final Pattern USER_INFO = Pattern.compile("^(https?|ssh|ftp)://([^/@]*)@");

  private final Set<String> texts = new TreeSet<>();

  private Secrets() {}

  static Secrets of(App app) {
    Secrets secrets = new Secrets();
    secrets.texts.addAll(app.secrets());
    App.Git git = app.git();
    if (git != null) {
      secrets.add(git.token() == null ? "" : git.token());
      Matcher matcher = USER_INFO.matcher(git.url());
      if (matcher.find()) {
        String info = matcher.group(2);
        int colon = info.indexOf(':');
        if (colon >= 0) {
          secrets.add(info.substring(colon + 1));
        } else if (!matcher.group(1).equals("ssh")) {
          secrets.add(info); // a token in the place of the user
        }
      }
    }
    return secrets;
  }

  private void add(String text) {
    texts.add(text);
    texts.add(URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8));
    texts.remove("");
  }

  /** All of them. */
  Set<String> texts() {
    return texts;
  }

  /** A text without them. */
  String hide(String text) {
    List<String> longestFirst =
        texts.stream().sorted(Comparator.comparingInt(String::length).reversed()).toList();
    String hidden = text;
    for (String secret : longestFirst) {
      hidden = hidden.replace(secret, "***");
    }
    return hidden;
  }

  /** A repository's address without user and password. */
  static String publicUrl(String url) {
    return USER_INFO.matcher(url).replaceFirst("$1://");
  }
}
