package io.miststream.server.http;

import io.miststream.core.StreamException;
import io.miststream.server.query.QueryString;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What answers a method at a path.
 *
 * @param method GET, which answers HEAD too, or another
 * @param path with one segment at most that is {@code {id}}, a positive number
 * @param body what it takes, null if nothing
 * @param blocks whether it runs on a thread where that is allowed
 * @param open whether it is for everybody, also those who have not said who they are
 * @param handler does it
 */
record Route(
    String method,
    String path,
    @Nullable BodyRule body,
    boolean blocks,
    boolean open,
    Handler handler) {
  static final String ID = "{id}";

  /**
   * What a body may be.
   *
   * @param types media types; none of them is one that a page of another site may send unasked
   * @param maxBytes most bytes
   */
  record BodyRule(List<String> types, int maxBytes) {
    /** Parameters for something to do. */
    static final BodyRule JSON = new BodyRule(List.of("application/json"), 64 << 10);
  }

  /**
   * A request, once it is all there.
   *
   * @param id from the path, 0 if there is none in it
   * @param query the parameters
   * @param body what was sent, empty if the route takes none
   * @param caller who asks
   */
  record Call(long id, QueryString query, InputStream body, Caller caller) {}

  /** Answers, at once or later; or throws. */
  interface Handler {
    void handle(Call call, Consumer<Answer> answer) throws IOException, RefusedException;
  }

  /** Answers, or throws what says why not, such as a {@link StreamException}. May block. */
  interface Work {
    Answer answer(Call call) throws IOException, RefusedException;
  }

  /** One that never blocks and is for everybody. */
  static Route quick(String path, Handler handler) {
    return new Route("GET", path, null, false, true, handler);
  }

  /** One that answers when it can. */
  static Route later(String path, Handler handler) {
    return new Route("GET", path, null, true, false, handler);
  }

  static Route get(String path, Work work) {
    return new Route("GET", path, null, true, false, (call, to) -> to.accept(work.answer(call)));
  }

  static Route post(String path, BodyRule body, Work work) {
    return new Route("POST", path, body, true, false, (call, to) -> to.accept(work.answer(call)));
  }

  /** The same for everybody. */
  Route forEverybody() {
    return new Route(method, path, body, blocks, true, handler);
  }

  Set<String> methods() {
    return method.equals("GET") ? Set.of("GET", "HEAD") : Set.of(method);
  }

  /** Whether it is what stands at a path; an id may be anything until it is read. */
  boolean isAt(List<String> segments) {
    List<String> own = segments(path);
    if (own.size() != segments.size()) {
      return false;
    }
    for (int i = 0; i < own.size(); i++) {
      String segment = segments.get(i);
      if (own.get(i).equals(ID) ? segment.isEmpty() : !own.get(i).equals(segment)) {
        return false;
      }
    }
    return true;
  }

  /**
   * The id in a path that this is at, 0 if there is none.
   *
   * @throws StreamException {@code INVALID_REQUEST} if it is not one
   */
  long id(List<String> segments) {
    int at = segments(path).indexOf(ID);
    return at < 0 ? 0 : QueryString.id("The id in the path", segments.get(at));
  }

  static List<String> segments(String path) {
    return List.of(path.split("/", -1));
  }
}
