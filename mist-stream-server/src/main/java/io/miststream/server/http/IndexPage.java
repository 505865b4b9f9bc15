package io.miststream.server.http;

import java.util.List;

/** The page at {@code /}: what there is to connect to and to ask. */
final class IndexPage {

  private IndexPage() {}

  static String html(List<String> webSockets, List<Route> routes) {
    StringBuilder items = new StringBuilder();
    for (String path : webSockets) {
      items.append("<li>WebSocket <code>").append(path).append("</code></li>\n");
    }
    for (Route route : routes) {
      String path = route.path();
      items.append("<li>");
      if (route.method().equals("GET") && !path.contains(Route.ID)) {
        items.append("<a href=\"").append(path).append("\">").append(path).append("</a>");
      } else {
        items.append(route.method()).append(" <code>").append(path).append("</code>");
      }
      items.append("</li>\n");
    }
    return """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <title>mist-stream</title>
        <style>body { font: 16px/1.5 sans-serif; margin: 3em auto; max-width: 40em }</style>
        <h1>mist-stream</h1>
        <ul>
        %s</ul>
        </html>
        """
        .formatted(items);
  }
}
