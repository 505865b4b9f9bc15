package io.miststream.core.wire;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.miststream.core.DockerCounts;
import io.miststream.core.HostMetrics;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Host metrics as JSON and back: a flat object, without the envelope of other messages. */
final class MetricsCodec {
  private static final JsonFactory JSON = new JsonFactory();

  private MetricsCodec() {}

  /**
   * Reads metrics. Fields it does not know are skipped, and those it misses are null.
   *
   * @throws IOException if it is not JSON
   * @throws IllegalArgumentException if a field of Mist's own API is missing, or one is malformed
   * @throws DateTimeException if its time is malformed
   */
  static HostMetrics decode(String text) throws IOException {
    try (JsonParser json = JSON.createParser(text)) {
      json.nextToken();
      return read(Fields.of(value(json)));
    }
  }

  static void write(HostMetrics metrics, JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeStringField("timestamp", metrics.timestamp().toString());
    json.writeStringField("scope", "host");
    json.writeObjectFieldStart("cpu");
    number(json, "usage", metrics.cpu().usage());
    json.writeNumberField("cores", metrics.cpu().cores());
    numbers(json, "per_core", metrics.cpu().perCore());
    json.writeEndObject();
    json.writeObjectFieldStart("memory");
    number(json, "used", metrics.memory().used());
    number(json, "total", metrics.memory().total());
    number(json, "percent", metrics.memory().percent());
    number(json, "available", metrics.memory().available());
    json.writeEndObject();
    space(json, "disk", metrics.disk());
    DockerCounts docker = metrics.docker();
    json.writeObjectFieldStart("docker");
    json.writeNumberField("containers_running", docker.containersRunning());
    json.writeNumberField("containers_total", docker.containersTotal());
    json.writeNumberField("images", docker.images());
    if (docker.error() != null) {
      json.writeStringField("error", docker.error());
    }
    json.writeEndObject();
    space(json, "swap", metrics.swap());
    numbers(json, "load", metrics.load());
    writeLists(metrics, json);
    number(json, "temperature", metrics.temperature());
    number(json, "uptime", metrics.uptime());
    number(json, "processes", metrics.processes());
    write(metrics.cgroup(), json);
    json.writeObjectFieldStart("errors");
    for (Map.Entry<String, String> error : metrics.errors().entrySet()) {
      json.writeStringField(error.getKey(), error.getValue());
    }
    json.writeEndObject();
    json.writeEndObject();
  }

  private static void writeLists(HostMetrics metrics, JsonGenerator json) throws IOException {
    list(
        json,
        "disks",
        metrics.disks(),
        mount -> {
          json.writeStringField("mount", mount.mount());
          json.writeStringField("type", mount.type());
          json.writeNumberField("used", mount.used());
          json.writeNumberField("total", mount.total());
          json.writeNumberField("percent", mount.percent());
        });
    list(
        json,
        "disk_io",
        metrics.diskIo(),
        disk -> {
          json.writeStringField("name", disk.name());
          json.writeNumberField("read", disk.read());
          json.writeNumberField("write", disk.write());
        });
    list(
        json,
        "network",
        metrics.network(),
        network -> {
          json.writeStringField("name", network.name());
          json.writeNumberField("rx", network.rx());
          json.writeNumberField("tx", network.tx());
        });
  }

  private static void write(HostMetrics.@Nullable Cgroup cgroup, JsonGenerator json)
      throws IOException {
    if (cgroup == null) {
      json.writeNullField("cgroup");
      return;
    }
    json.writeObjectFieldStart("cgroup");
    json.writeStringField("scope", "container");
    number(json, "cpu_limit", cgroup.cpuLimit());
    number(json, "cpu_usage", cgroup.cpuUsage());
    number(json, "memory_used", cgroup.memoryUsed());
    number(json, "memory_limit", cgroup.memoryLimit());
    number(json, "memory_percent", cgroup.memoryPercent());
    json.writeEndObject();
  }

  private static void space(JsonGenerator json, String name, HostMetrics.@Nullable Space space)
      throws IOException {
    if (space == null) {
      json.writeNullField(name);
      return;
    }
    json.writeObjectFieldStart(name);
    number(json, "used", space.used());
    number(json, "total", space.total());
    number(json, "percent", space.percent());
    json.writeEndObject();
  }

  private static void number(JsonGenerator json, String name, @Nullable Number value)
      throws IOException {
    if (value == null) {
      json.writeNullField(name);
    } else if (value instanceof Double real) {
      json.writeNumberField(name, real);
    } else {
      json.writeNumberField(name, value.longValue());
    }
  }

  private static void numbers(JsonGenerator json, String name, @Nullable List<Double> values)
      throws IOException {
    if (values == null) {
      json.writeNullField(name);
      return;
    }
    json.writeArrayFieldStart(name);
    for (double value : values) {
      json.writeNumber(value);
    }
    json.writeEndArray();
  }

  private interface Writer<T> {
    void write(T item) throws IOException;
  }

  private static <T> void list(
      JsonGenerator json, String name, @Nullable List<T> items, Writer<T> writer)
      throws IOException {
    if (items == null) {
      json.writeNullField(name);
      return;
    }
    json.writeArrayFieldStart(name);
    for (T item : items) {
      json.writeStartObject();
      writer.write(item);
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static HostMetrics read(Fields all) {
    Fields cpu = all.object("cpu");
    Fields memory = all.object("memory");
    Fields docker = all.object("docker");
    Fields cgroup = all.optional("cgroup");
    Fields swap = all.optional("swap");
    Fields errors = all.optional("errors");
    Map<String, String> problems = new LinkedHashMap<>();
    if (errors != null) {
      errors.values.forEach((name, why) -> problems.put(String.valueOf(name), String.valueOf(why)));
    }
    return new HostMetrics(
        Instant.parse(all.text("timestamp")),
        new HostMetrics.Cpu(cpu.real("usage"), cpu.integer("cores"), cpu.reals("per_core")),
        new HostMetrics.Memory(
            memory.whole("used"),
            memory.whole("total"),
            memory.real("percent"),
            memory.whole("available")),
        space(all.object("disk")),
        new DockerCounts(
            docker.integer("containers_running"),
            docker.integer("containers_total"),
            docker.integer("images"),
            docker.optionalText("error")),
        swap == null ? null : space(swap),
        all.reals("load"),
        all.list(
            "disks",
            f ->
                new HostMetrics.Mount(
                    f.text("mount"),
                    f.text("type"),
                    f.size("used"),
                    f.size("total"),
                    f.number("percent").doubleValue())),
        all.list(
            "disk_io",
            f -> new HostMetrics.DiskRate(f.text("name"), f.size("read"), f.size("write"))),
        all.list(
            "network",
            f -> new HostMetrics.NetworkRate(f.text("name"), f.size("rx"), f.size("tx"))),
        all.real("temperature"),
        all.whole("uptime"),
        all.isNull("processes") ? null : all.integer("processes"),
        cgroup == null
            ? null
            : new HostMetrics.Cgroup(
                cgroup.real("cpu_limit"),
                cgroup.real("cpu_usage"),
                cgroup.whole("memory_used"),
                cgroup.whole("memory_limit"),
                cgroup.real("memory_percent")),
        problems);
  }

  private static HostMetrics.Space space(Fields fields) {
    return new HostMetrics.Space(
        fields.whole("used"), fields.whole("total"), fields.real("percent"));
  }

  /** The value at the current token: a map, a list, a number, a text, a boolean, or null. */
  private static @Nullable Object value(JsonParser json) throws IOException {
    JsonToken token = json.currentToken();
    if (token == JsonToken.START_OBJECT) {
      Map<String, @Nullable Object> map = new LinkedHashMap<>();
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        json.nextToken();
        map.put(name, value(json));
      }
      return map;
    }
    if (token == JsonToken.START_ARRAY) {
      List<@Nullable Object> list = new ArrayList<>();
      while (json.nextToken() != JsonToken.END_ARRAY) {
        list.add(value(json));
      }
      return list;
    }
    if (token != null && token.isNumeric()) {
      return json.getNumberValue();
    }
    return token == null || token == JsonToken.VALUE_NULL ? null : json.getText();
  }

  /** The fields of one object. */
  private record Fields(Map<?, ?> values) {
    static Fields of(@Nullable Object value) {
      if (value instanceof Map<?, ?> map) {
        return new Fields(map);
      }
      throw new IllegalArgumentException("not an object");
    }

    boolean isNull(String name) {
      return values.get(name) == null;
    }

    Fields object(String name) {
      if (values.get(name) instanceof Map<?, ?> map) {
        return new Fields(map);
      }
      throw new IllegalArgumentException("no " + name);
    }

    @Nullable Fields optional(String name) {
      return isNull(name) ? null : object(name);
    }

    Number number(String name) {
      if (values.get(name) instanceof Number number) {
        return number;
      }
      throw new IllegalArgumentException("no number " + name);
    }

    long size(String name) {
      return number(name).longValue();
    }

    int integer(String name) {
      return number(name).intValue();
    }

    @Nullable Long whole(String name) {
      return isNull(name) ? null : size(name);
    }

    @Nullable Double real(String name) {
      return isNull(name) ? null : number(name).doubleValue();
    }

    @Nullable List<Double> reals(String name) {
      Object value = values.get(name);
      if (value == null) {
        return null;
      }
      List<Double> reals = new ArrayList<>();
      for (Object item : items(name, value)) {
        if (!(item instanceof Number number)) {
          throw new IllegalArgumentException("not a number in " + name);
        }
        reals.add(number.doubleValue());
      }
      return reals;
    }

    <T> @Nullable List<T> list(String name, Function<Fields, T> reader) {
      Object value = values.get(name);
      if (value == null) {
        return null;
      }
      List<T> list = new ArrayList<>();
      items(name, value).forEach(item -> list.add(reader.apply(of(item))));
      return list;
    }

    private static List<?> items(String name, Object value) {
      if (value instanceof List<?> items) {
        return items;
      }
      throw new IllegalArgumentException("not a list: " + name);
    }

    String text(String name) {
      String text = optionalText(name);
      if (text == null) {
        throw new IllegalArgumentException("no " + name);
      }
      return text;
    }

    @Nullable String optionalText(String name) {
      Object value = values.get(name);
      return value == null ? null : value.toString();
    }
  }
}
