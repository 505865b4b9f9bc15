package io.miststream.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Where the server keeps what it has to remember. */
final class DataDirectory {

  private DataDirectory() {}

  /** The one that is set, made if it is not there. */
  static Path make(Settings settings) {
    Path data = settings.dataDirectory();
    try {
      if (FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
        // Sources and what builds print are for nobody else.
        Files.createDirectories(
            data,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
      return data;
    } catch (IOException e) {
      throw unusable(data, e);
    }
  }

  static UncheckedIOException unusable(Path data, IOException problem) {
    return new UncheckedIOException(
        Setting.DATA_DIR.flag() + " " + data + " cannot be used: " + problem.getMessage(), problem);
  }
}
