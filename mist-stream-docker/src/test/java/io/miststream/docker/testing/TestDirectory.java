package io.miststream.docker.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files for tests. */
public final class TestDirectory {
  private TestDirectory() {}

  /** Writes a file, and makes the directories it is in. */
  public static Path write(Path file, String content) throws IOException {
    Files.createDirectories(file.getParent());
    return Files.writeString(file, content);
  }
}
