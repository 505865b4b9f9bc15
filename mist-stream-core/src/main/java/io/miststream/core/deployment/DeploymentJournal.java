package io.miststream.core.deployment;

import io.miststream.core.Cursor;
import io.miststream.core.DeploymentState;
import io.miststream.core.ErrorCode;
import io.miststream.core.StreamException;
import io.miststream.core.topic.Pump;
import io.miststream.core.topic.Traffic;
import io.miststream.core.topic.Viewer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The deployments of a server, each an append-only file {@code N.ndjson} in one directory, whose
 * lines are the messages as viewers get them.
 *
 * <p>What is shown to anybody is on the disk. A deployment that a crash has interrupted is closed
 * as failed when the journal is opened again. One process at a time has a journal open.
 *
 * <p>Thread-safe. Owns a few daemon threads.
 */
public final class DeploymentJournal implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(DeploymentJournal.class.getName());

  private static final String SUFFIX = ".ndjson";
  private static final String LOCK = ".lock";
  private static final String PROBE = ".probe";
  private static final int LEAST_ROOM = 4096;
  private static final int TAIL_BYTES = 1 << 20;
  private static final long RETRY_SECONDS = 1;
  private static final long RETENTION_MINUTES = 10;

  private final Path directory;
  private final Retention retention;
  private final FileChannel lockFile;
  private final FileLock lock;
  private final ConcurrentSkipListMap<Long, JournalFile> files = new ConcurrentSkipListMap<>();
  private final Map<Long, DeploymentReporter> live = new ConcurrentHashMap<>();
  private final Set<JournalFile> unsaved = ConcurrentHashMap.newKeySet();
  private final Set<DeploymentViewer> viewers = ConcurrentHashMap.newKeySet();
  private final Pump pump = Pump.perProcessor("mist-journal-pump");
  private final Traffic traffic = new Traffic();
  private final ThreadPoolExecutor savers;
  private final ScheduledThreadPoolExecutor timer;
  private volatile int room = LEAST_ROOM; // more once there was not enough for that
  private long nextId; // guarded by this
  private boolean closed; // guarded by this

  private DeploymentJournal(
      Path directory, Retention retention, FileChannel channel, FileLock lock) {
    this.directory = directory;
    this.retention = retention;
    this.lockFile = channel;
    this.lock = lock;
    savers =
        new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE, // one for each deployment that is going on
            10,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            Pump.daemons("mist-journal"));
    timer = new ScheduledThreadPoolExecutor(1, Pump.daemons("mist-journal-timer"));
  }

  private void start() throws IOException {
    load();
    removeOld();
    every(RETRY_SECONDS, TimeUnit.SECONDS, this::saveUnsaved);
    every(RETENTION_MINUTES, TimeUnit.MINUTES, this::removeOld);
  }

  private void every(long time, TimeUnit unit, Runnable task) {
    Future<?> unused =
        timer.scheduleWithFixedDelay(
            () -> {
              try {
                task.run();
              } catch (RuntimeException e) {
                LOG.log(System.Logger.Level.WARNING, "Looking after the journal failed", e);
              }
            },
            time,
            time,
            unit);
  }

  /**
   * Opens a journal with the default retention.
   *
   * @throws IOException as {@link #open(Path, Retention)}
   */
  public static DeploymentJournal open(Path directory) throws IOException {
    return open(directory, Retention.DEFAULT);
  }

  /**
   * Opens a journal, and closes the deployments that a crash has left unfinished.
   *
   * @param directory made if it is not there
   * @throws IOException if it cannot be read and written, or another process has it open
   */
  public static DeploymentJournal open(Path directory, Retention retention) throws IOException {
    Files.createDirectories(directory);
    FileChannel channel =
        FileChannel.open(
            directory.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock lock = null;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // This process has: the same to us.
    }
    if (lock == null) {
      channel.close();
      throw new IOException("another server has the deployment journal " + directory + " open");
    }
    DeploymentJournal journal = new DeploymentJournal(directory, retention, channel, lock);
    try {
      journal.start();
      return journal;
    } catch (IOException | RuntimeException e) {
      journal.close();
      throw e;
    }
  }

  private void load() throws IOException {
    List<Path> paths;
    try (Stream<Path> all = Files.list(directory)) {
      paths = all.filter(path -> idOf(path) > 0).toList();
    }
    for (Path path : paths) {
      long id = idOf(path);
      JournalFile file = JournalScan.open(this, path, id);
      if (file == null) {
        Files.deleteIfExists(path); // made, and never shown to anybody
      } else {
        files.put(id, file);
        if (!file.isComplete()) {
          file.closeInterrupted("The deployment was interrupted by a restart of the server");
        }
      }
      nextId = Math.max(nextId, id);
    }
    nextId++;
  }

  private static long idOf(Path path) {
    String name = path.getFileName().toString();
    if (!name.matches("[1-9][0-9]{0,13}\\" + SUFFIX)) {
      return 0;
    }
    return Long.parseLong(name.substring(0, name.length() - SUFFIX.length()));
  }

  /**
   * Begins a deployment: it is there, and pending, when this returns.
   *
   * @param message what to say about it, such as what it waits for
   * @throws JournalException if it cannot be saved; then there is none
   */
  public DeploymentReporter begin(long appId, String message) {
    if (room > LEAST_ROOM) {
      // Its first lines might still fit; but what is full will not do for a deployment.
      problem()
          .ifPresent(
              reason -> {
                throw new JournalException(reason, null);
              });
    }
    JournalFile file;
    DeploymentReporter reporter;
    synchronized (this) {
      if (closed) {
        throw new IllegalStateException("the journal is closed");
      }
      long id = nextId;
      Path path = directory.resolve(id + SUFFIX);
      try {
        Files.createFile(path);
        nextId++;
        force(directory);
      } catch (IOException e) {
        throw new JournalException("The deployment journal cannot be written: " + reason(e), e);
      }
      file = new JournalFile(this, path, JournalScan.unknown(id, appId, Instant.now()), 0, false);
      reporter = new DeploymentReporter(file, appId);
      files.put(id, file);
      live.put(id, reporter);
    }
    try {
      reporter.pending(message);
      return reporter;
    } catch (JournalException e) {
      forget(file);
      throw e;
    }
  }

  private void forget(JournalFile file) {
    files.remove(file.id());
    live.remove(file.id());
    unsaved.remove(file);
    try {
      Files.deleteIfExists(file.path());
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "{0} stays, and goes at the next start", file.path());
    }
  }

  /** So that a file that has been made is found after a power cut. */
  private static void force(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static String reason(IOException e) {
    return e.getClass() == IOException.class || e.getMessage() == null
        ? String.valueOf(e.getMessage())
        : e.getClass().getSimpleName().replace("Exception", "") + ": " + e.getMessage();
  }

  /** Who reports a deployment, as long as it goes on. */
  public Optional<DeploymentReporter> reporter(long id) {
    return Optional.ofNullable(live.get(id));
  }

  /** One deployment. */
  public Optional<Deployment> deployment(long id) {
    return Optional.ofNullable(files.get(id)).map(JournalFile::info);
  }

  /**
   * Deployments, the newest first.
   *
   * @param wanted which
   * @param most how many of those at most
   */
  public List<Deployment> deployments(Predicate<Deployment> wanted, int most) {
    return files.descendingMap().values().stream()
        .map(JournalFile::info)
        .filter(wanted)
        .limit(most)
        .toList();
  }

  /**
   * The whole journal of a deployment, as it is at this moment: a message a line.
   *
   * @return null if there is no such deployment; closed by the caller
   * @throws IOException if it cannot be read
   */
  public @Nullable InputStream read(long id) throws IOException {
    JournalFile file = files.get(id);
    if (file == null) {
      return null;
    }
    try {
      return new BoundedInput(Files.newInputStream(file.path()), file.saved());
    } catch (NoSuchFileException e) {
      return null; // retention was faster
    }
  }

  /**
   * Opens a deployment's stream, from its first message or right behind a cursor. Never fails:
   * whatever is wrong reaches the viewer as an error message and a close. The caller closes it.
   *
   * @param after a cursor of this deployment, or null
   */
  public Viewer open(long id, @Nullable Cursor after) {
    JournalFile file = files.get(id);
    if (file == null) {
      return new DeploymentViewer(
          this, pump, ErrorCode.DEPLOYMENT_NOT_FOUND, "Deployment not found");
    }
    try {
      DeploymentViewer viewer = new DeploymentViewer(this, pump, file, start(file, after));
      viewers.add(viewer);
      if (isClosed()) {
        viewer.shutDown();
      }
      return viewer;
    } catch (StreamException e) {
      return new DeploymentViewer(this, pump, e.code(), String.valueOf(e.getMessage()));
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "Deployment " + id + " cannot be read", e);
      return new DeploymentViewer(
          this, pump, ErrorCode.INTERNAL, "The deployment's journal cannot be read");
    }
  }

  private static long start(JournalFile file, @Nullable Cursor after) throws IOException {
    if (after == null) {
      return 0;
    }
    Cursor.Mark mark = after.own();
    if (after.equals(JournalFile.cursor(file.id(), mark.time()))
        && mark.time() < file.shown()
        && file.isBoundary(mark.time())) {
      return file.behind(mark.time());
    }
    throw new StreamException(
        ErrorCode.INVALID_REQUEST, "after is no position in this deployment's journal");
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  /**
   * Why no deployment could be saved now; empty if it could. Writes a little, or as much as could
   * not be written last, and may block.
   */
  public Optional<String> problem() {
    for (JournalFile file : unsaved) {
      String failure = file.failure();
      if (failure != null) {
        return Optional.of(failure);
      }
    }
    Path probe = directory.resolve(PROBE);
    try {
      Files.write(probe, new byte[room]);
      room = LEAST_ROOM;
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of("The deployment journal cannot be written: " + reason(e));
    } finally {
      try {
        Files.deleteIfExists(probe);
      } catch (IOException e) {
        // The next one overwrites it.
      }
    }
  }

  /** How many viewers there are, and what they have been sent. */
  public Traffic traffic() {
    return traffic;
  }

  /** How many deployments have not ended yet. */
  public int unfinished() {
    return live.size();
  }

  /** How many deployments there are in each state; none of a state that has none. */
  public Map<DeploymentState, Integer> states() {
    Map<DeploymentState, Integer> states = new EnumMap<>(DeploymentState.class);
    files.values().forEach(file -> states.merge(file.info().state(), 1, Integer::sum));
    return states;
  }

  /** Bytes of all journals together. */
  public long bytes() {
    return files.values().stream().mapToLong(JournalFile::saved).sum();
  }

  /**
   * Lets go of the directory; viewers are told to come back. Deployments that are still going on
   * are closed as interrupted when it is opened again.
   */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    viewers.forEach(DeploymentViewer::shutDown);
    timer.shutdownNow();
    savers.shutdown();
    pump.close();
    try {
      savers.awaitTermination(RETRY_SECONDS, TimeUnit.SECONDS);
      lock.release();
      lockFile.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "Closing the deployment journal failed", e);
    }
  }

  // -- for files and viewers

  int tailBytes() {
    return TAIL_BYTES;
  }

  void runSaver(Runnable saver) {
    try {
      savers.execute(saver);
    } catch (RejectedExecutionException e) {
      throw new JournalException("The deployment journal is closed", e);
    }
  }

  void left(DeploymentViewer viewer) {
    viewers.remove(viewer);
  }

  /**
   * A file cannot be written.
   *
   * @param bytes that it would have been
   */
  void failed(JournalFile file, Throwable problem, int bytes) {
    room = Math.max(room, bytes);
    LOG.log(System.Logger.Level.ERROR, "Deployment " + file.id() + " cannot be saved", problem);
    unsaved.add(file);
  }

  void completed(JournalFile file) {
    live.remove(file.id());
    removeOld();
  }

  private void saveUnsaved() {
    unsaved.removeIf(file -> !files.containsKey(file.id()) || file.save());
  }

  private synchronized void removeOld() {
    List<JournalFile> kept = new ArrayList<>(files.values());
    long bytes = bytes();
    Instant oldest = Instant.now().minus(retention.age());
    int count = kept.size();
    for (JournalFile file : kept.subList(0, Math.max(0, kept.size() - 1))) {
      Instant finished = file.info().finishedAt();
      boolean old = finished != null && finished.isBefore(oldest);
      if (!old && count <= retention.count() && bytes <= retention.bytes()) {
        return;
      }
      if (file.isComplete()) {
        try {
          Files.deleteIfExists(file.path());
        } catch (IOException e) {
          LOG.log(System.Logger.Level.WARNING, "Deployment " + file.id() + " stays", e);
          return;
        }
        files.remove(file.id());
        unsaved.remove(file);
        bytes -= file.saved();
        count--;
      }
    }
  }
}
