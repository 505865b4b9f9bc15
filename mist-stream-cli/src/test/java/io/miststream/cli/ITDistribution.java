package io.miststream.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What the distribution says of its own parts. Needs no engine; it is no unit test because the
 * distribution is put together after those.
 */
class ITDistribution {
  private static final Path HOME = Path.of("target", "mist-stream");
  private static final Path BILL = HOME.resolve("licenses").resolve("sbom.cdx.json");
  private static final Path LICENCES = HOME.resolve("licenses").resolve("THIRD-PARTY.txt");
  private static final String OURS = "io.miststream";

  /** What the bill of materials knows of a jar: the group it is from, and its SHA-256, if any. */
  private record Part(String group, String name, String version, String sha256) {}

  @Test
  void billOfMaterialsNamesEveryJarAndNoOther() throws IOException {
    assertThat(bill().keySet()).isEqualTo(new TreeSet<>(jars()));
  }

  @Test
  void jarsAreTheOnesOfTheBill() throws IOException, NoSuchAlgorithmException {
    for (Part part : bill().values()) {
      if (!part.sha256().isEmpty()) {
        Path jar = HOME.resolve("lib").resolve(part.name() + "-" + part.version() + ".jar");
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(jar));
        assertThat(HexFormat.of().formatHex(digest)).as("%s", jar).isEqualTo(part.sha256());
      } else {
        // Ours are made in this build, and need no hash to say which they are.
        assertThat(part.group()).as("hash of %s", part).isEqualTo(OURS);
      }
    }
  }

  @Test
  void licencesAreListedForEveryJarOfOthers() throws IOException {
    assumeMade(LICENCES);
    String listed = Files.readString(LICENCES);
    for (String jar : jars()) {
      if (!jar.startsWith("mist-stream-")) {
        // A line is "(licence) name (group:artifact:version - address)".
        int dash = versionStart(jar);
        String artifact = jar.substring(0, dash - 1);
        String version = jar.substring(dash, jar.length() - ".jar".length());
        assertThat(listed).contains(":" + artifact + ":" + version + " - ");
      }
    }
    assertThat(HOME.resolve("licenses").resolve("LICENSE")).isNotEmptyFile();
  }

  private static void assumeMade(Path list) {
    // Offline, Maven skips the plugin of the bill of materials; in a quick build both.
    boolean offline = "offline=true".equals(System.getProperty("mist.build"));
    boolean quick = System.getProperty("mist.quick") != null;
    assumeFalse((offline || quick) && Files.notExists(list), "This build does not make " + list);
  }

  private static List<String> jars() throws IOException {
    try (Stream<Path> files = Files.list(HOME.resolve("lib"))) {
      List<String> jars =
          files.map(file -> "" + file.getFileName()).filter(name -> name.endsWith(".jar")).toList();
      assertThat(jars).isNotEmpty();
      return jars;
    }
  }

  private static int versionStart(String jar) {
    for (int i = 1; i < jar.length(); i++) {
      if (jar.charAt(i - 1) == '-' && Character.isDigit(jar.charAt(i))) {
        return i;
      }
    }
    throw new AssertionError("A jar without a version: " + jar);
  }

  private static Map<String, Part> bill() throws IOException {
    assumeMade(BILL);
    JsonNode bill = new ObjectMapper().readTree(BILL.toFile());
    assertThat(bill.path("bomFormat").textValue()).isEqualTo("CycloneDX");
    Map<String, Part> parts = new TreeMap<>();
    add(parts, bill.path("metadata").path("component"));
    bill.path("components").forEach(component -> add(parts, component));
    return parts;
  }

  private static void add(Map<String, Part> parts, JsonNode component) {
    String sha256 = "";
    for (JsonNode hash : component.path("hashes")) {
      if (hash.path("alg").textValue().equals("SHA-256")) {
        sha256 = hash.path("content").textValue();
      }
    }
    Part part =
        new Part(
            component.path("group").textValue(),
            component.path("name").textValue(),
            component.path("version").textValue(),
            sha256);
    parts.put(part.name() + "-" + part.version() + ".jar", part);
  }
}
