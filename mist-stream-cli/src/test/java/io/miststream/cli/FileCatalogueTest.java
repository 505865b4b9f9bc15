package io.miststream.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.miststream.core.App;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

/** The configuration file changes while the server runs. */
@ResourceLock(Resources.SYSTEM_ERR)
@Timeout(60)
class FileCatalogueTest {
  private final PrintStream standardError = System.err;
  private final ByteArrayOutputStream log = new ByteArrayOutputStream();

  @TempDir private Path directory;
  private Path file;
  private FileCatalogue catalogue;

  @BeforeEach
  void start() throws IOException {
    System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    Logging.install("warn");
    file = directory.resolve("mist.yaml");
    write("port: 1", "apps:", "  - {id: 1, name: one}");
    catalogue = new FileCatalogue(ConfigFile.read(file, Map.of()), Map.of());
  }

  @AfterEach
  void stop() {
    catalogue.close();
    System.setErr(standardError);
  }

  private void write(String... lines) throws IOException {
    Files.writeString(file, String.join("\n", lines) + "\n");
  }

  private String log() {
    return log.toString(StandardCharsets.UTF_8);
  }

  @Test
  void aChangedFileIsTaken() throws IOException {
    assertThat(catalogue.app(1)).map(App::name).hasValue("one");

    write("port: 1", "apps:", "  - {id: 1, name: uno}", "  - {id: 2, containers: [b]}");

    await().until(() -> catalogue.app(2).isPresent());
    assertThat(catalogue.app(1)).map(App::name).hasValue("uno");
    assertThat(log()).doesNotContain("WARN");
  }

  @Test
  void aReplacedFileIsTakenWhateverItsTime() throws IOException {
    Path other = directory.resolve("mist.yaml.new");
    Files.writeString(other, "apps: [{id: 3}]\n");
    Files.setLastModifiedTime(other, Files.getLastModifiedTime(file));
    Files.move(other, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);

    await().until(() -> catalogue.app(3).isPresent());
    assertThat(catalogue.app(1)).isEmpty();
    // The port has gone from it.
    assertThat(log()).contains(file + ": settings other than apps change at the next start only");
  }

  @Test
  void aBadFileLeavesTheAppsAndIsToldOnceWithItsLine() throws IOException {
    write("port: 1", "apps:", "  - {id: 1, name: one}", "  - {id: x}");

    await().until(() -> log().contains("WARN"));
    assertThat(log()).contains(file + ":4: id must be a positive whole number");
    assertThat(catalogue.apps()).extracting(App::name).containsExactly("one");

    write("port: 1", "apps:", "  - {id: 2, name: two}");
    await().until(() -> catalogue.app(2).isPresent());
    assertThat(log().lines().filter(line -> line.contains("WARN"))).hasSize(1);
  }

  @Test
  void aFileThatGoesLeavesTheAppsAndMayComeBack() throws IOException {
    Files.delete(file);
    await().until(() -> log().contains("there is no such file; the apps stay as they were"));
    assertThat(catalogue.app(1)).isPresent();

    write("apps: [{id: 4}]");
    await().until(() -> catalogue.app(4).isPresent());
  }
}
