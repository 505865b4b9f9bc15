package io.miststream.cli;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Set;

/** Files that are for nobody else's eyes. */
final class SecretFile {
  private static final int KEY_BYTES = 32;
  private static final Set<PosixFilePermission> OTHERS =
      PosixFilePermissions.fromString("------rwx");

  private SecretFile() {}

  /**
   * Returns if others cannot read or change the file; members of its group may.
   *
   * @throws ConfigException if they can, or there is no such file
   */
  static void check(Path path) {
    try {
      if (!isPosix()) {
        return;
      }
      Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(path);
      if (permissions.stream().anyMatch(OTHERS::contains)) {
        throw new ConfigException(
            path
                + ": everybody on this machine can read or change it ("
                + PosixFilePermissions.toString(permissions)
                + "); run: chmod 600 "
                + path);
      }
    } catch (NoSuchFileException e) {
      throw new ConfigException(path + ": there is no such file");
    } catch (IOException e) {
      throw new ConfigException(path + ": cannot be read: " + e.getMessage());
    }
  }

  /**
   * What is in it.
   *
   * @throws ConfigException as {@link #check} does
   */
  static byte[] read(Path path) {
    check(path);
    try {
      return Files.readAllBytes(path);
    } catch (IOException e) {
      throw new ConfigException(path + ": cannot be read: " + e.getMessage());
    }
  }

  /**
   * A key that is made when it is first asked for.
   *
   * @throws IOException if it cannot be written
   */
  static byte[] key(Path path) throws IOException {
    if (!Files.exists(path)) {
      byte[] key = new byte[KEY_BYTES];
      new SecureRandom().nextBytes(key);
      try {
        replace(path, key, false);
      } catch (FileAlreadyExistsException e) {
        // Another server was faster.
      }
    }
    return read(path);
  }

  /** Writes a file anew, whole or not at all. */
  static void replace(Path path, byte[] content, boolean overwrite) throws IOException {
    Path directory = path.toAbsolutePath().getParent();
    FileAttribute<?>[] mine =
        isPosix()
            ? new FileAttribute<?>[] {
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
            }
            : new FileAttribute<?>[0];
    Path fresh = Files.createTempFile(directory, "." + path.getFileName(), "", mine);
    try {
      Files.write(fresh, content);
      if (overwrite) {
        Files.move(
            fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } else {
        Files.createLink(path, fresh);
      }
    } finally {
      Files.deleteIfExists(fresh);
    }
  }

  private static boolean isPosix() {
    return FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
  }
}
