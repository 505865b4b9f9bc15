package io.miststream.docker;

import com.github.dockerjava.transport.DockerHttpClient;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** An engine that answers as a test says, for what a real one does only once in a while. */
final class FakeEngine implements DockerHttpClient {
  private final Map<String, Function<String, Response>> answers = new LinkedHashMap<>();
  private final List<String> asked = new ArrayList<>(); // guarded by itself

  /** Answers requests whose path contains {@code part}; what was said last wins. */
  FakeEngine on(String part, Function<String, Response> answer) {
    synchronized (asked) {
      answers.put(part, answer);
    }
    return this;
  }

  FakeEngine on(String part, Response answer) {
    return on(part, path -> answer);
  }

  /** How many requests there were whose path contains {@code part}. */
  long asked(String part) {
    synchronized (asked) {
      return asked.stream().filter(p -> p.contains(part)).count();
    }
  }

  /** A source that reads from this. */
  DockerLogSource.Builder source() {
    return DockerLogSource.builder().httpClients(this, this);
  }

  /** Has these containers and no others. Each is asked for by its id. */
  FakeEngine containers(String... inspections) {
    StringBuilder list = new StringBuilder("[");
    for (String each : inspections) {
      String id = each.replaceAll(".*\"Id\":\"(\\w+)\".*", "$1");
      String state = each.replaceAll(".*\"Status\":\"(\\w+)\".*", "$1");
      list.append(list.length() > 1 ? "," : "");
      list.append(
          "{\"Id\":\"" + id + "\",\"State\":\"" + state + "\",\"Status\":\"" + state + "\"}");
      on("/" + id + "/json", path -> json(each));
    }
    String all = list.append("]").toString();
    return on("/containers/json", path -> json(all)).on("/events", path -> silent());
  }

  /** What the engine says about a container with a json-file log. */
  static String container(String id, String state, String startedAt) {
    boolean up = state.equals("running");
    String text =
        "{'Id':'%1$s','Name':'/%1$s','Created':'2025-01-15T10:00:00Z','State':{'Status':'%2$s',"
            + "'Running':%3$s,'ExitCode':0,'StartedAt':'%4$s','FinishedAt':'0001-01-01T00:00:00Z'},"
            + "'Config':{'Image':'i','Tty':false},"
            + "'HostConfig':{'LogConfig':{'Type':'json-file','Config':{}}}}";
    return String.format(text.replace('\'', '"'), id, state, up, startedAt);
  }

  static Response json(String text) {
    return answer(200, text.getBytes(StandardCharsets.UTF_8));
  }

  static Response log(LogBytes log) {
    return answer(200, log.bytes());
  }

  static Response refusal(int status, String message) {
    return answer(status, ("{\"message\":\"" + message + "\"}").getBytes(StandardCharsets.UTF_8));
  }

  /** An answer that goes on and says nothing more. */
  static Response silent(byte... begin) {
    Blocking body = new Blocking();
    body.say(begin);
    return of(body);
  }

  private static Response answer(int status, byte[] body) {
    return new Answer(status, new ByteArrayInputStream(body));
  }

  @Override
  public Response execute(Request request) {
    String path = request.path();
    Function<String, Response> answer = p -> refusal(404, "no such thing: " + p);
    synchronized (asked) {
      asked.add(path);
      for (Map.Entry<String, Function<String, Response>> each : answers.entrySet()) {
        if (path.contains(each.getKey())) {
          answer = each.getValue();
        }
      }
    }
    return answer.apply(path);
  }

  @Override
  public void close() {}

  private record Answer(int status, InputStream body) implements Response {
    @Override
    public int getStatusCode() {
      return status;
    }

    @Override
    public Map<String, List<String>> getHeaders() {
      return Map.of();
    }

    @Override
    public InputStream getBody() {
      return body;
    }

    @Override
    public void close() {
      try {
        body.close();
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** An answer that goes on: what it is told to say, and nothing more until it is closed. */
  static final class Blocking extends InputStream {
    private final BlockingQueue<byte[]> queue = new LinkedBlockingQueue<>();
    private byte[] now = {};
    private int at;
    private volatile boolean closed;

    void say(byte... bytes) {
      queue.add(bytes);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte @Nullable [] buffer, int offset, int length) throws IOException {
      try {
        while (at == now.length) {
          now = queue.take();
          at = 0;
          if (closed) {
            throw new IOException("closed");
          }
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException(e);
      }
      int n = Math.min(length, now.length - at);
      System.arraycopy(now, at, buffer, offset, n);
      at += n;
      return n;
    }

    @Override
    public void close() {
      closed = true;
      queue.add(new byte[0]);
    }

    boolean isClosed() {
      return closed;
    }
  }

  /** An answer with this body. */
  static Response of(InputStream body) {
    return new Answer(200, body);
  }
}
