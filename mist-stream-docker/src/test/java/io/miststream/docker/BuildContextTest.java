package io.miststream.docker;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.docker.testing.TestDirectory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BuildContextTest {

  @TempDir Path temp;
  private Path root;

  @BeforeEach
  void makeRoot() throws IOException {
    root = Files.createDirectory(temp.resolve("root")).toRealPath();
  }

  private BuildContext context() throws IOException {
    return new BuildContext(root, "Dockerfile");
  }

  @Test
  void anotherTarReadsTheArchive() throws Exception {
    String longName = "d".repeat(90) + "/" + "f".repeat(120) + "-äöü";
    TestDirectory.write(root.resolve("Dockerfile"), "FROM scratch\n");
    TestDirectory.write(root.resolve(longName), "long");
    TestDirectory.write(root.resolve("empty"), "");
    TestDirectory.write(root.resolve("block"), "x".repeat(512));
    Path script = TestDirectory.write(root.resolve("run.sh"), "#!/bin/sh\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-x---"));
    Files.createSymbolicLink(root.resolve("link"), Path.of("/etc/passwd"));
    Files.createSymbolicLink(root.resolve("longlink"), Path.of("t".repeat(150)));

    Path out = Files.createDirectory(temp.resolve("out"));
    Process tar =
        new ProcessBuilder("tar", "-xpf", "-", "-C", out.toString())
            .redirectErrorStream(true)
            .start();
    try (InputStream in = context().tar()) {
      in.transferTo(tar.getOutputStream());
    }
    tar.getOutputStream().close();
    assertThat(tar.getInputStream().readAllBytes()).isEmpty();
    assertThat(tar.waitFor()).isZero();

    assertThat(out.resolve(longName)).hasContent("long");
    assertThat(out.resolve("empty")).isEmptyFile();
    assertThat(out.resolve("block")).hasSize(512);
    assertThat(Files.getPosixFilePermissions(out.resolve("run.sh")))
        .isEqualTo(PosixFilePermissions.fromString("rwxr-x---"));
    assertThat(Files.readSymbolicLink(out.resolve("link"))).isEqualTo(Path.of("/etc/passwd"));
    assertThat(Files.readSymbolicLink(out.resolve("longlink")).toString()).hasSize(150);
  }

  @Test
  void whatIsIgnoredIsLeftOutButForTheFilesTheBuildNeeds() throws Exception {
    TestDirectory.write(root.resolve(".dockerignore"), "*\n!src\nsrc/**/*.tmp\n");
    for (String path : new String[] {"Dockerfile", "README", "src/a", "src/b.tmp", "lib/c"}) {
      TestDirectory.write(root.resolve(path), path);
    }

    assertThat(context().paths()).containsOnly(".dockerignore", "Dockerfile", "src", "src/a");
  }

  @Test
  void aFileThatShrinksMeanwhileDoesNotBreakTheArchive() throws Exception {
    Path file = TestDirectory.write(root.resolve("a"), "x".repeat(3000));
    try (InputStream in = context().tar()) {
      byte[] header = in.readNBytes(512);
      Files.writeString(file, "x");
      byte[] rest = in.readAllBytes();

      assertThat(header).hasSize(512);
      assertThat(rest).hasSize(3072 + 1024);
    }
  }
}
