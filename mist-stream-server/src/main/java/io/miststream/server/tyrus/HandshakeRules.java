package io.miststream.server.tyrus;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.glassfish.grizzly.http.HttpRequestPacket;
import org.glassfish.grizzly.http.Method;
import org.glassfish.grizzly.http.Protocol;
import org.jspecify.annotations.Nullable;

/**
 * What RFC 6455, section 4.2.1, asks of an opening handshake. The engine behind lets a good part of
 * it pass: other methods, other keys, a body.
 */
final class HandshakeRules {
  private static final int KEY_BYTES = 16;

  private HandshakeRules() {}

  static boolean wantsWebSocket(HttpRequestPacket request) {
    return hasToken(request, "Upgrade", "websocket");
  }

  /** Returns what is wrong with a handshake on a path that has a WebSocket, or null. */
  static @Nullable Refusal check(HttpRequestPacket request) {
    if (!request.getMethod().equals(Method.GET)) {
      return Refusal.notGet();
    }
    if (!wantsWebSocket(request)) {
      return Refusal.upgradeRequired("This is a WebSocket");
    }
    if (request.getProtocol() != Protocol.HTTP_1_1) {
      return Refusal.badRequest("A WebSocket is opened with HTTP/1.1");
    }
    if (!hasToken(request, "Connection", "upgrade")) {
      return Refusal.badRequest("Connection must contain Upgrade");
    }
    List<String> versions = values(request, "Sec-WebSocket-Version");
    if (versions.size() != 1 || !versions.get(0).trim().equals("13")) {
      return Refusal.upgradeRequired("Sec-WebSocket-Version must be 13");
    }
    List<String> keys = values(request, "Sec-WebSocket-Key");
    if (keys.size() != 1 || !isKey(keys.get(0).trim())) {
      return Refusal.badRequest("Sec-WebSocket-Key must be 16 bytes in base64");
    }
    if (request.getContentLength() > 0 || request.isChunked()) {
      return Refusal.badRequest("A handshake has no body");
    }
    return null;
  }

  private static boolean isKey(String key) {
    try {
      // Two characters of padding, for the decoder also takes none.
      return key.length() == 24
          && Base64.getDecoder().decode(key.getBytes(StandardCharsets.ISO_8859_1)).length
              == KEY_BYTES;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** All values of a header, one per line of it. */
  static List<String> values(HttpRequestPacket request, String name) {
    List<String> all = new ArrayList<>(1);
    for (String value : request.getHeaders().values(name)) {
      all.add(value);
    }
    return all;
  }

  private static boolean hasToken(HttpRequestPacket request, String name, String token) {
    for (String value : values(request, name)) {
      for (String one : value.split(",", -1)) {
        if (one.trim().toLowerCase(Locale.ROOT).equals(token)) {
          return true;
        }
      }
    }
    return false;
  }
}
