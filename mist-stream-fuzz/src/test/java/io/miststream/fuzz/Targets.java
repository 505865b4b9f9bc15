package io.miststream.fuzz;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

/** The targets, which stand among the tests of the modules that they are about. */
final class Targets {
  private static final String SUFFIX = "Fuzz.class";

  private Targets() {}

  /** The directories that classes are loaded from. */
  private static List<Path> roots() throws IOException, URISyntaxException {
    List<Path> roots = new ArrayList<>();
    for (URL root : Collections.list(Targets.class.getClassLoader().getResources(""))) {
      if (root.getProtocol().equals("file")) { // not in a jar
        roots.add(Path.of(root.toURI()));
      }
    }
    return roots;
  }

  /** The names of the classes of all targets. */
  static List<String> names() throws IOException, URISyntaxException {
    List<String> names = new ArrayList<>();
    for (Path root : roots()) {
      try (Stream<Path> files = Files.walk(root)) {
        files
            .map(file -> root.relativize(file).toString().replace('/', '.'))
            .filter(file -> file.endsWith(SUFFIX))
            .map(file -> file.substring(0, file.length() - ".class".length()))
            .forEach(names::add);
      }
    }
    return names;
  }

  /** A directory for each target that has seeds, by the name of its class. */
  static List<Path> seeds() throws IOException, URISyntaxException {
    List<Path> seeds = new ArrayList<>();
    for (Path root : roots()) {
      Path directory = root.resolve("seeds");
      if (Files.isDirectory(directory)) {
        try (Stream<Path> targets = Files.list(directory)) {
          targets.filter(Files::isDirectory).sorted().forEach(seeds::add);
        }
      }
    }
    return seeds;
  }

  /** What the fuzzer calls. */
  static Method method(String name) {
    try {
      Method method = Class.forName(name).getDeclaredMethod("fuzzerTestOneInput", byte[].class);
      method.setAccessible(true); // the fuzzer does the same
      return method;
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException(name + " is no target", e);
    }
  }

  /** Runs a target once. */
  static void run(Method target, byte[] input) throws Throwable {
    try {
      target.invoke(null, (Object) input);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
