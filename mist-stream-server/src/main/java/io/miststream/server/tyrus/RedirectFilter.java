package io.miststream.server.tyrus;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.IntSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.glassfish.grizzly.filterchain.BaseFilter;
import org.glassfish.grizzly.filterchain.FilterChainContext;
import org.glassfish.grizzly.filterchain.NextAction;
import org.glassfish.grizzly.http.HttpContent;
import org.glassfish.grizzly.http.HttpRequestPacket;
import org.glassfish.grizzly.http.Method;
import org.glassfish.grizzly.nio.NIOConnection;

/** Answers every request with where the same is to be had over TLS. */
final class RedirectFilter extends BaseFilter {
  private static final int HTTPS = 443;
  // A name or address, and perhaps a port; nothing that could be taken for more than a host.
  private static final Pattern HOST =
      Pattern.compile("([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+])(:[0-9]{0,5})?");
  private static final Pattern TARGET = Pattern.compile("/[!-~]*");

  private final IntSupplier port;

  /**
   * A filter that takes the place of the gate.
   *
   * @param port where TLS is spoken
   */
  RedirectFilter(IntSupplier port) {
    this.port = port;
  }

  @Override
  public NextAction handleRead(FilterChainContext ctx) throws IOException {
    HttpContent message = ctx.getMessage();
    HttpRequestPacket request = (HttpRequestPacket) message.getHttpHeader();
    HttpConnection state = HttpConnection.of((NIOConnection) ctx.getConnection());
    if (state != null) {
      state.refuse(answer(request), !request.getMethod().equals(Method.HEAD));
    }
    return ctx.getStopAction();
  }

  private Refusal answer(HttpRequestPacket request) {
    List<String> hosts = HandshakeRules.values(request, "Host");
    Matcher host = HOST.matcher(hosts.size() == 1 ? hosts.get(0) : "");
    String query =
        request.getQueryStringDC().isNull()
            ? ""
            : "?" + request.getQueryStringDC().toString(StandardCharsets.ISO_8859_1);
    String target = request.getRequestURI() + query;
    if (!host.matches() || !TARGET.matcher(target).matches()) {
      return Refusal.badRequest("Only https is spoken here, and there is no telling where");
    }
    int to = port.getAsInt();
    return Refusal.moved("https://" + host.group(1) + (to == HTTPS ? "" : ":" + to) + target);
  }
}
