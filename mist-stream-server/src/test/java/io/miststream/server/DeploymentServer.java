package io.miststream.server;

import io.miststream.core.deployment.DeploymentJournal;
import io.miststream.core.deployment.Deployments;
import io.miststream.testkit.Frame;
import io.miststream.testkit.RawClient;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;

/** A server with a journal in a directory and a deployer that a test directs. */
final class DeploymentServer implements AutoCloseable {
  static {
    Awaitility.setDefaultTimeout(Duration.ofMinutes(1)); // a busy machine fails no test
  }

  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  static final String NDJSON = "application/x-ndjson";

  final ScriptedDeployer deployer = new ScriptedDeployer();
  final DeploymentJournal journal;
  final Deployments deployments;
  final MistStreamServer server;

  DeploymentServer(Path directory) throws IOException {
    this(directory, builder -> builder);
  }

  DeploymentServer(Path directory, UnaryOperator<MistStreamServer.Builder> settings)
      throws IOException {
    journal = DeploymentJournal.open(directory);
    deployments = Deployments.builder(journal, deployer).maxWaiting(3).build();
    server = settings.apply(MistStreamServer.builder().deployments(deployments).port(0)).start();
  }

  int port() {
    return server.port();
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(server.uri().resolve(path));
  }

  static HttpResponse<String> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return CLIENT.send(request.build(), BodyHandlers.ofString());
  }

  HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return send(request(path));
  }

  HttpResponse<String> post(String path, String type, String body)
      throws IOException, InterruptedException {
    return send(request(path).header("Content-Type", type).POST(BodyPublishers.ofString(body)));
  }

  HttpResponse<String> post(String path, String json) throws IOException, InterruptedException {
    return post(path, "application/json", json);
  }

  HttpResponse<String> report(long id, String... events) throws IOException, InterruptedException {
    return post("/api/deployments/" + id + "/events", NDJSON, String.join("\n", events));
  }

  /** Starts a deployment of an app. */
  long start(long appId) throws IOException, InterruptedException {
    return id(post("/api/deployments", "{\"appId\":" + appId + "}"));
  }

  /** Begins one that the test reports. */
  long startReported(long appId) throws IOException, InterruptedException {
    return id(post("/api/deployments", "{\"appId\":" + appId + ",\"reported\":true}"));
  }

  private static long id(HttpResponse<String> response) {
    String body = response.body();
    if (response.statusCode() != 202 || !body.matches("\\{\"deployment_id\":[0-9]+}")) {
      throw new AssertionError(response.statusCode() + " " + body);
    }
    return Long.parseLong(body.replaceAll("[^0-9]", ""));
  }

  RawClient view(long id) throws IOException {
    return RawClient.open(port(), "/ws/deployment/logs?deploymentId=" + id);
  }

  RawClient view(long id, String after) throws IOException {
    return RawClient.open(port(), "/ws/deployment/logs?deploymentId=" + id + "&after=" + after);
  }

  /** The texts up to the end message, and nothing but a close of 1000 behind it. */
  static List<String> readToEnd(RawClient viewer) throws IOException {
    List<String> texts = new ArrayList<>();
    do {
      texts.add(viewer.readText());
    } while (!texts.get(texts.size() - 1).contains("\"type\":\"end\""));
    Frame close = viewer.readFrame();
    if (close.opcode() != RawClient.CLOSE || close.closeCode() != 1000) {
      throw new AssertionError("not a close 1000: " + close);
    }
    return texts;
  }

  /** The cursor of a message. */
  static String cursor(String text) {
    return text.replaceFirst("(?s).*\"id\":\"([^\"]*)\"}$", "$1");
  }

  @Override
  public void close() {
    server.close();
    deployments.close();
    journal.close();
  }
}
