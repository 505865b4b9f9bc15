package io.miststream.docker;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Enumeration;
import java.util.List;

/**
 * A directory as the engine wants it for a build: a tar archive without what {@code .dockerignore}
 * leaves out. Links are kept as links, so nothing outside of the directory gets in.
 */
final class BuildContext {
  private static final String IGNORE_FILE = ".dockerignore";
  private static final int BLOCK = 512;
  private static final int NAME_BYTES = 100;
  private static final long LONGEST_FILE = (1L << 33) - 1; // that a plain header can tell

  private final Path root;
  private final List<String> paths = new ArrayList<>();

  /**
   * Looks at what there is.
   *
   * @param root without links in it
   * @param dockerfile is never left out
   * @throws IllegalArgumentException with the line of {@code .dockerignore} that is no pattern
   */
  BuildContext(Path root, String dockerfile) throws IOException {
    this.root = root;
    Path file = root.resolve(IGNORE_FILE);
    IgnorePatterns ignored =
        new IgnorePatterns(
            Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                ? Files.readString(file).lines().toList()
                : List.of());
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes) {
            if (path.equals(root)) {
              return FileVisitResult.CONTINUE;
            }
            String name = name(path);
            if (!ignored.matches(name)) {
              paths.add(name);
            } else if (!ignored.mayKeepWithin() && !dockerfile.startsWith(name + "/")) {
              return FileVisitResult.SKIP_SUBTREE;
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) {
            String name = name(path);
            boolean needed = name.equals(dockerfile) || name.equals(IGNORE_FILE);
            if (!attributes.isOther() && (needed || !ignored.matches(name))) {
              paths.add(name);
            }
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private String name(Path path) {
    return root.relativize(path).toString();
  }

  /** What is in it, relative and with slashes. */
  List<String> paths() {
    return paths;
  }

  /** The archive, made while it is read. */
  @SuppressWarnings("JdkObsolete") // an Enumeration is what SequenceInputStream wants
  InputStream tar() {
    return new SequenceInputStream(
        new Enumeration<>() {
          private int next;

          @Override
          public boolean hasMoreElements() {
            return next <= paths.size();
          }

          @Override
          public InputStream nextElement() {
            int now = next++;
            if (now == paths.size()) {
              return new ByteArrayInputStream(new byte[2 * BLOCK]);
            }
            try {
              return entry(paths.get(now));
            } catch (NoSuchFileException e) {
              return InputStream.nullInputStream(); // it is gone: nobody misses it
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
        });
  }

  private InputStream entry(String name) throws IOException {
    Path path = root.resolve(name);
    BasicFileAttributes file =
        Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS) & 07777;
    long time = file.lastModifiedTime().toMillis() / 1000;
    if (file.isDirectory()) {
      return new ByteArrayInputStream(header(name + "/", mode, 0, time, '5', ""));
    }
    if (file.isSymbolicLink()) {
      String target = Files.readSymbolicLink(path).toString();
      return new ByteArrayInputStream(header(name, mode, 0, time, '2', target));
    }
    return new SequenceInputStream(
        new ByteArrayInputStream(header(name, mode, file.size(), time, '0', "")),
        new Padded(Files.newInputStream(path), file.size()));
  }

  private static byte[] header(
      String name, int mode, long size, long time, char type, String target) {
    ByteArrayOutputStream records = new ByteArrayOutputStream();
    record(records, "path", name, bytes(name).length > NAME_BYTES);
    record(records, "linkpath", target, bytes(target).length > NAME_BYTES);
    record(records, "size", Long.toString(size), size > LONGEST_FILE);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    if (records.size() > 0) {
      out.writeBytes(plainHeader("pax", 0644, records.size(), time, 'x', ""));
      out.writeBytes(records.toByteArray());
      out.writeBytes(new byte[padding(records.size())]);
    }
    out.writeBytes(plainHeader(name, mode, size > LONGEST_FILE ? 0 : size, time, type, target));
    return out.toByteArray();
  }

  /** What does not fit into a plain header: a line with its own length in front. */
  private static void record(
      ByteArrayOutputStream records, String key, String value, boolean needed) {
    if (needed) {
      byte[] line = bytes(" " + key + "=" + value + "\n");
      int length = line.length;
      while (length != line.length + Integer.toString(length).length()) {
        length = line.length + Integer.toString(length).length();
      }
      records.writeBytes(bytes(Integer.toString(length)));
      records.writeBytes(line);
    }
  }

  private static byte[] plainHeader(
      String name, int mode, long size, long time, char type, String target) {
    byte[] header = new byte[BLOCK];
    put(header, 0, NAME_BYTES, name);
    put(header, 100, 8, "%07o".formatted(mode));
    put(header, 108, 8, "0000000"); // root's, as the docker command does
    put(header, 116, 8, "0000000");
    put(header, 124, 12, "%011o".formatted(size));
    put(header, 136, 12, "%011o".formatted(Math.max(0, time)));
    put(header, 148, 8, "        ");
    header[156] = (byte) type;
    put(header, 157, NAME_BYTES, target);
    put(header, 257, 8, "ustar\00000");
    int sum = 0;
    for (byte b : header) {
      sum += b & 0xFF;
    }
    put(header, 148, 8, "%06o\0 ".formatted(sum));
    return header;
  }

  private static void put(byte[] header, int at, int most, String text) {
    byte[] bytes = bytes(text);
    System.arraycopy(bytes, 0, header, at, Math.min(bytes.length, most));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static int padding(long size) {
    return (int) ((BLOCK - size % BLOCK) % BLOCK);
  }

  /** A file at the size its header says, whatever has become of it, up to the end of a block. */
  private static final class Padded extends InputStream {
    private final InputStream file;
    private long content;
    private long left;

    Padded(InputStream file, long size) {
      this.file = file;
      content = size;
      left = size + padding(size);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      if (left == 0) {
        return -1;
      }
      int n = -1;
      if (content > 0) {
        n = file.read(buffer, offset, (int) Math.min(length, content));
        content = n < 0 ? 0 : content - n;
      }
      if (n < 0) {
        n = (int) Math.min(length, left);
        Arrays.fill(buffer, offset, offset + n, (byte) 0);
      }
      left -= n;
      return n;
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
