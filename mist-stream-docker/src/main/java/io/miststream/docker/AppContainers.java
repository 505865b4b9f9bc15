package io.miststream.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds the containers of an app: those a catalogue names; else those with the label; else the one
 * named by the first pattern that has one.
 */
final class AppContainers {
  /** Stands for the app's id in a name pattern. */
  static final String ID = "{id}";

  private static final int ATTEMPTS = 3;

  private final EngineApi api;
  private final String label;
  private final List<String> namePatterns;
  private final LongFunction<List<String>> catalogue;

  AppContainers(
      EngineApi api,
      String label,
      List<String> namePatterns,
      LongFunction<List<String>> catalogue) {
    this.api = api;
    this.label = label;
    this.namePatterns = List.copyOf(namePatterns);
    this.catalogue = catalogue;
  }

  /** All containers of an app, oldest first; empty if it has none. */
  List<ContainerInfo> find(long appId) throws IOException {
    List<ContainerInfo> found = new ArrayList<>();
    for (JsonNode listed : list(appId)) {
      ContainerInfo info = inspect(listed.path("Id").asText(), listed);
      if (info != null) {
        found.add(info);
      }
    }
    found.sort(Comparator.comparing(ContainerInfo::created).thenComparing(ContainerInfo::name));
    return found;
  }

  /** One container as it is now, or null if it is gone. */
  @Nullable ContainerInfo inspect(String id) throws IOException {
    return inspect(id, MissingNode.getInstance());
  }

  /**
   * The sentence for a state is only in the list and the rest only in the inspection, so both are
   * asked until they agree. A container that is being created or removed is not in the list.
   */
  private @Nullable ContainerInfo inspect(String id, JsonNode known) throws IOException {
    JsonNode listed = known;
    ContainerInfo info = inspect(id, listed.path("Status").asText());
    for (int i = 0; i < ATTEMPTS && info != null; i++) {
      if (info.state().equals(listed.path("State").asText())) {
        break;
      }
      List<JsonNode> now = list(EngineApi.filter("id", List.of(id)));
      listed = now.isEmpty() ? MissingNode.getInstance() : now.get(0);
      info = inspect(id, listed.path("Status").asText());
    }
    return info;
  }

  /** Whether there is a container with this id, or id prefix. */
  boolean exists(String id) throws IOException {
    return inspect(id, "") != null;
  }

  /** Whether an event can be of interest to those who follow an app. */
  boolean concerns(long appId, EngineEvents.Event event) {
    if (!event.isOfContainer()) {
      return false;
    }
    String id = Long.toString(appId);
    String name = event.attributes().path("name").asText();
    return id.equals(event.attributes().path(label).asText())
        || namePatterns.stream().anyMatch(p -> p.replace(ID, id).equals(name))
        || catalogue.apply(appId).contains(name);
  }

  private @Nullable ContainerInfo inspect(String id, String sentence) throws IOException {
    try {
      return ContainerInfo.of(api.get("/containers/" + id + "/json"), sentence);
    } catch (EngineRefusedException e) {
      if (e.isNotFound()) {
        return null;
      }
      throw e;
    }
  }

  private List<JsonNode> list(long appId) throws IOException {
    List<String> names = catalogue.apply(appId);
    if (!names.isEmpty()) {
      return named(names);
    }
    List<JsonNode> labelled = list(EngineApi.filter("label", List.of(label + "=" + appId)));
    if (!labelled.isEmpty()) {
      return labelled;
    }
    for (String pattern : namePatterns) {
      List<JsonNode> named = named(List.of(pattern.replace(ID, Long.toString(appId))));
      if (!named.isEmpty()) {
        return named;
      }
    }
    return List.of();
  }

  private List<JsonNode> named(List<String> names) throws IOException {
    // The engine takes a name for a regular expression, and also finds aliases of links.
    List<String> expressions =
        names.stream().map(n -> "^/" + n.replaceAll("[^a-zA-Z0-9_-]", "\\\\$0") + "$").toList();
    return list(EngineApi.filter("name", expressions)).stream()
        .filter(c -> namesOf(c).anyMatch(names::contains))
        .toList();
  }

  private static Stream<String> namesOf(JsonNode listed) {
    List<String> names = new ArrayList<>();
    listed.path("Names").forEach(n -> names.add(ContainerInfo.name(n.asText())));
    return names.stream();
  }

  private List<JsonNode> list(String filter) throws IOException {
    List<JsonNode> containers = new ArrayList<>();
    api.get("/containers/json?all=1&filters=" + filter).forEach(containers::add);
    return containers;
  }
}
