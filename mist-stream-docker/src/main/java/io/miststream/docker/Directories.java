package io.miststream.docker;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the JDK lacks for directories. */
final class Directories {
  private static final Logger LOG = LoggerFactory.getLogger(Directories.class);
  private static final int ATTEMPTS = 3;

  private Directories() {}

  /** Removes a directory with all that is in it, if it is there; what stays is logged. */
  static void remove(Path directory) {
    IOException failure = null;
    // Again, if somebody has made a file in it meanwhile.
    for (int i = 0; i < ATTEMPTS && Files.exists(directory, LinkOption.NOFOLLOW_LINKS); i++) {
      try {
        Files.walkFileTree(directory, new Remover());
      } catch (IOException e) {
        failure = e;
      }
    }
    if (failure != null && Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
      LOG.warn("{} cannot be removed", directory, failure);
    }
  }

  private static final class Remover extends SimpleFileVisitor<Path> {
    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      Files.deleteIfExists(file);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException e) {
      return FileVisitResult.CONTINUE; // it is gone, or its directory cannot be removed either
    }

    @Override
    public FileVisitResult postVisitDirectory(Path path, @Nullable IOException e)
        throws IOException {
      Files.deleteIfExists(path);
      return FileVisitResult.CONTINUE;
    }
  }
}
