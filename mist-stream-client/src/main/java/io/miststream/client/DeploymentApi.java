package io.miststream.client;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.miststream.client.MistStreamClient.Settings;
import io.miststream.core.DeploymentStage;
import io.miststream.core.DeploymentState;
import io.miststream.core.ErrorCode;
import io.miststream.core.StreamException;
import io.miststream.core.deployment.Deployment;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The deployments of a server. Each call is one request, which blocks until it is answered, and is
 * not tried again. Thread-safe.
 *
 * <p>Each fails with a {@link StreamException}: with the server's own code and words if it refuses,
 * with {@code INVALID_REQUEST} if a number is not positive, with {@code SOURCE_UNAVAILABLE} if it
 * cannot be reached or is busy, with {@code INTERNAL} if it answers with what is not this protocol.
 */
public final class DeploymentApi {
  private static final JsonFactory JSON = new JsonFactory();
  private static final int NOT_FOUND = 404;
  private static final int CONFLICT = 409;

  private final Settings settings;
  private final HttpClient http;

  DeploymentApi(Settings settings) {
    this.settings = settings;
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(settings.connectTimeout());
    http = (settings.tls() == null ? builder : builder.sslContext(settings.tls())).build();
  }

  static void checkPositive(String name, long number) {
    if (number <= 0) {
      throw new StreamException(ErrorCode.INVALID_REQUEST, name + " must be a positive integer");
    }
  }

  /**
   * Starts a deployment of an app, or has it wait for its turn.
   *
   * @return its id
   */
  public long start(long appId) {
    checkPositive("appId", appId);
    HttpResponse<byte[]> answer = post("", "{\"appId\":" + appId + "}");
    return read(answer, json -> number(fields(json), "deployment_id"));
  }

  /**
   * Calls a deployment off.
   *
   * @return false if there is nothing to stop: it is over already
   * @throws StreamException {@code DEPLOYMENT_NOT_FOUND} if there is no such deployment
   */
  public boolean stop(long id) {
    checkPositive("deploymentId", id);
    HttpResponse<byte[]> answer = post("/" + id + "/stop", "");
    if (answer.statusCode() == CONFLICT) {
      return false;
    }
    checkAnswer(answer);
    return true;
  }

  /**
   * Deployments, the newest first.
   *
   * @param appId those of one app, or null for all
   * @param most how many at most
   */
  public List<Deployment> list(@Nullable Long appId, int most) {
    checkPositive("appId", appId == null ? 1 : appId);
    checkPositive("limit", most);
    String app = appId == null ? "" : "appId=" + appId + "&";
    return read(
        send(request("?" + app + "limit=" + most).GET()),
        json -> {
          List<Deployment> deployments = new ArrayList<>();
          while (json.nextToken() == JsonToken.FIELD_NAME) {
            boolean wanted = json.currentName().equals("deployments");
            if (json.nextToken() != JsonToken.START_ARRAY || !wanted) {
              json.skipChildren();
              continue;
            }
            while (json.nextToken() == JsonToken.START_OBJECT) {
              deployments.add(deployment(fields(json)));
            }
          }
          return deployments;
        });
  }

  /** One deployment, if there is one with this id. */
  public Optional<Deployment> get(long id) {
    checkPositive("deploymentId", id);
    HttpResponse<byte[]> answer = send(request("/" + id).GET());
    if (answer.statusCode() == NOT_FOUND
        && refusal(answer).code() == ErrorCode.DEPLOYMENT_NOT_FOUND) {
      return Optional.empty(); // and not: nothing known of deployments there
    }
    return Optional.of(read(answer, json -> deployment(fields(json))));
  }

  private HttpRequest.Builder request(String below) {
    URI uri = settings.endpoints().deployments(below);
    HttpRequest.Builder request = HttpRequest.newBuilder(uri);
    settings.headers().forEach(request::setHeader);
    return request;
  }

  private HttpResponse<byte[]> post(String below, String body) {
    BodyPublisher content = BodyPublishers.ofString(body);
    // Which no form of another site can send.
    return send(request(below).setHeader("Content-Type", "application/json").POST(content));
  }

  private HttpResponse<byte[]> send(HttpRequest.Builder request) {
    // A request's own time limit ends with the header of the answer.
    CompletableFuture<HttpResponse<byte[]>> answer =
        http.sendAsync(request.build(), BodyHandlers.ofByteArray());
    try {
      return answer.get(settings.silenceLimit().toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException problem) {
        throw Failure.unreachable(settings.endpoints(), problem).error();
      }
      throw new IllegalStateException(e.getCause());
    } catch (TimeoutException e) {
      answer.cancel(true);
      throw Failure.unreachable(settings.endpoints(), new SocketTimeoutException()).error();
    } catch (InterruptedException e) {
      answer.cancel(true);
      Thread.currentThread().interrupt();
      throw Failure.passing("interrupted while waiting for " + settings.endpoints()).error();
    }
  }

  private StreamException refusal(HttpResponse<byte[]> answer) {
    return Refusal.of(
            answer.statusCode(),
            answer.headers().firstValue("Retry-After").orElse(null),
            new String(answer.body(), StandardCharsets.UTF_8),
            settings.endpoints())
        .error();
  }

  private void checkAnswer(HttpResponse<byte[]> answer) {
    if (answer.statusCode() / 100 != 2) {
      throw refusal(answer);
    }
  }

  private interface Reading<T> {
    T read(JsonParser json) throws IOException;
  }

  /** Reads the object that was answered. */
  private <T> T read(HttpResponse<byte[]> answer, Reading<T> reading) {
    checkAnswer(answer);
    try (JsonParser json = JSON.createParser(answer.body())) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw new IllegalArgumentException("not an object");
      }
      return reading.read(json);
    } catch (IOException | IllegalArgumentException | DateTimeException e) {
      throw new StreamException(
          ErrorCode.INTERNAL,
          settings.endpoints() + " answered with something else: " + e.getMessage(),
          e);
    }
  }

  /** The scalar fields of the object that has just begun, those that are null left out. */
  private static Map<String, String> fields(JsonParser json) throws IOException {
    Map<String, String> fields = new HashMap<>();
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      JsonToken value = json.nextToken();
      if (!value.isScalarValue()) {
        json.skipChildren();
      } else if (value != JsonToken.VALUE_NULL) {
        fields.put(name, json.getText());
      }
    }
    return fields;
  }

  private static Deployment deployment(Map<String, String> fields) {
    String finished = fields.get("finished_at");
    String duration = fields.get("duration_ms");
    return new Deployment(
        number(fields, "deployment_id"),
        number(fields, "app_id"),
        word(DeploymentState.values(), DeploymentState::wire, text(fields, "status")),
        word(DeploymentStage.values(), DeploymentStage::wire, text(fields, "stage")),
        Math.toIntExact(number(fields, "progress")),
        text(fields, "message"),
        text(fields, "error_message"),
        Instant.parse(text(fields, "created_at")),
        finished == null ? null : Instant.parse(finished),
        duration == null ? null : Long.valueOf(duration));
  }

  private static <E> E word(E[] known, Function<E, String> wire, String word) {
    return Arrays.stream(known)
        .filter(one -> wire.apply(one).equals(word))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("unknown: " + word));
  }

  private static long number(Map<String, String> fields, String name) {
    return Long.parseLong(text(fields, name));
  }

  private static String text(Map<String, String> fields, String name) {
    String text = fields.get(name);
    if (text == null) {
      throw new IllegalArgumentException("no " + name);
    }
    return text;
  }
}
