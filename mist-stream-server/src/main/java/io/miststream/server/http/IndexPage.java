package io.miststream.server.http;

import java.util.List;

/** The page at {@code /}: what there is to connect to. */
final class IndexPage {

  private IndexPage() {}

  static String html(List<String> webSockets) {
    StringBuilder items = new StringBuilder();
    for (String path : webSockets) {
      items.append("<li>WebSocket <code>").append(path).append("?appId=1</code></li>\n");
    }
    return """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <title>mist-stream</title>
        <style>body { font: 16px/1.5 sans-serif; margin: 3em auto; max-width: 40em }</style>
        <h1>mist-stream</h1>
        <ul>
        %s<li><a href="/health">/health</a></li>
        <li><a href="/ready">/ready</a></li>
        </ul>
        </html>
        """
        .formatted(items);
  }
}
