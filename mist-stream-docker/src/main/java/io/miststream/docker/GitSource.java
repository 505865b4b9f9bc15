package io.miststream.docker;

import io.miststream.core.App;
import io.miststream.core.DeploymentStage;
import io.miststream.core.LogStream;
import io.miststream.core.deployment.Cancellation;
import io.miststream.core.deployment.Cancellation.CancelledException;
import io.miststream.core.deployment.DeploymentFailedException;
import io.miststream.core.deployment.DeploymentReporter;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.eclipse.jgit.api.Git;
import org.eclipse.jgit.api.TransportCommand;
import org.eclipse.jgit.api.errors.GitAPIException;
import org.eclipse.jgit.api.errors.TransportException;
import org.eclipse.jgit.dircache.DirCacheCheckout;
import org.eclipse.jgit.errors.AmbiguousObjectException;
import org.eclipse.jgit.errors.IncorrectObjectTypeException;
import org.eclipse.jgit.errors.MissingObjectException;
import org.eclipse.jgit.lib.EmptyProgressMonitor;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.Ref;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.revwalk.RevCommit;
import org.eclipse.jgit.revwalk.RevWalk;
import org.eclipse.jgit.storage.file.FileRepositoryBuilder;
import org.eclipse.jgit.transport.CredentialItem;
import org.eclipse.jgit.transport.CredentialsProvider;
import org.eclipse.jgit.transport.RefSpec;
import org.eclipse.jgit.transport.SshTransport;
import org.eclipse.jgit.transport.TagOpt;
import org.eclipse.jgit.transport.URIish;
import org.eclipse.jgit.transport.UsernamePasswordCredentialsProvider;
import org.eclipse.jgit.transport.sshd.SshdSessionFactory;
import org.eclipse.jgit.transport.sshd.SshdSessionFactoryBuilder;
import org.eclipse.jgit.util.FS;
import org.jspecify.annotations.Nullable;

/** Fetches one commit of a repository into a directory, without its history where that can be. */
final class GitSource {

  /** How long the other side may be silent. */
  static final Duration SILENCE = Duration.ofSeconds(30);

  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{4,40}");
  private static final int COMMIT_DIGITS = 40;
  private static final int SHORT_DIGITS = 7;
  private static final String SOURCE = "source";
  private static final String GIT = "git";
  private static final String WANTED = "refs/mist/wanted";
  private static final long PATIENCE_MILLIS = 500;

  private final App.Git git;
  private final URIish uri;
  private final Path home;
  private final DeploymentReporter report;
  private volatile boolean givenUp;

  private GitSource(App.Git git, URIish uri, Path home, DeploymentReporter report) {
    this.git = git;
    this.uri = uri;
    this.home = home;
    this.report = report;
  }

  /**
   * Fetches it.
   *
   * @param home an empty directory, for the source and what is needed to get it
   * @return where the source is
   */
  static Path fetch(App.Git git, Path home, DeploymentReporter report, Cancellation cancellation)
      throws DeploymentFailedException, CancelledException {
    URIish uri;
    try {
      uri = new URIish(git.url());
    } catch (URISyntaxException e) {
      throw new DeploymentFailedException("git.url is no address of a repository");
    }
    return new GitSource(git, uri, home, report).fetch(cancellation);
  }

  /**
   * Removes what has been fetched into a directory, and that directory if nothing else is in it.
   */
  static void remove(Path home) {
    Directories.remove(home.resolve(SOURCE));
    Directories.remove(home.resolve(GIT));
    home.toFile().delete();
  }

  /**
   * On a thread of its own, for there are waits in it that cannot be cut short: whoever calls it
   * off does not wait for them.
   */
  private Path fetch(Cancellation cancellation)
      throws DeploymentFailedException, CancelledException {
    CompletableFuture<Path> source = new CompletableFuture<>();
    CompletableFuture<Boolean> over = new CompletableFuture<>();
    Thread thread =
        Threads.named("mist-docker-git")
            .newThread(
                () -> {
                  try {
                    source.complete(fetch());
                  } catch (Throwable e) {
                    source.completeExceptionally(e);
                  } finally {
                    if (givenUp) {
                      remove(home);
                    }
                    over.complete(true);
                  }
                });
    cancellation.check();
    thread.start();
    cancellation.onCancel(
        () -> {
          givenUp = true;
          source.cancel(false);
          thread.interrupt();
        });
    try {
      return source.get();
    } catch (java.util.concurrent.CancellationException e) {
      awaitQuietly(over);
      throw new CancelledException();
    } catch (InterruptedException e) {
      givenUp = true;
      Thread.currentThread().interrupt();
      throw new DeploymentFailedException("Cloning was interrupted", e);
    } catch (ExecutionException e) {
      cancellation.check();
      throw failure(e.getCause() == null ? e : e.getCause());
    } finally {
      cancellation.onCancel(null);
    }
  }

  private static void awaitQuietly(CompletableFuture<Boolean> over) {
    try {
      over.get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      // It cleans up by itself.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Path fetch() throws GitAPIException, IOException, DeploymentFailedException {
    Path source = Files.createDirectories(home.resolve(SOURCE));
    // Beside the source, so that it is not part of what is built.
    try (Repository made =
            new FileRepositoryBuilder()
                .setGitDir(home.resolve(GIT).toFile())
                .setWorkTree(source.toFile())
                .build();
        Git repository = new Git(made)) {
      made.create(true);
      RevCommit commit = commit(repository);
      checkOut(made, commit);
      report.log(
          LogStream.STDOUT,
          "Commit "
              + commit.abbreviate(SHORT_DIGITS).name()
              + (git.ref().isEmpty() || commit.name().startsWith(git.ref())
                  ? ""
                  : " (" + git.ref() + ")")
              + ": "
              + commit.getShortMessage());
    }
    return source;
  }

  private RevCommit commit(Git repository)
      throws GitAPIException, IOException, DeploymentFailedException {
    String ref = git.ref();
    Map<String, Ref> refs = prepared(Git.lsRemoteRepository().setRemote(git.url())).callAsMap();
    if (refs.isEmpty()) {
      throw new DeploymentFailedException("The repository is empty");
    }
    for (String name :
        ref.isEmpty() ? List.of("HEAD") : List.of("refs/heads/" + ref, "refs/tags/" + ref, ref)) {
      if (refs.containsKey(name)) {
        fetch(repository, 1, name + ":" + WANTED);
        return resolve(repository.getRepository(), WANTED);
      }
    }
    if (COMMIT.matcher(ref).matches()) {
      if (ref.length() == COMMIT_DIGITS) {
        try {
          fetch(repository, 1, ref + ":" + WANTED);
          return resolve(repository.getRepository(), ref);
        } catch (TransportException | MissingObjectException e) {
          // Not every server gives out any commit.
        }
      }
      fetch(repository, 0, "refs/heads/*:refs/mist/heads/*", "refs/tags/*:refs/mist/tags/*");
      try {
        return resolve(repository.getRepository(), ref);
      } catch (MissingObjectException e) {
        throw noSuchRef();
      }
    }
    throw noSuchRef();
  }

  private RevCommit resolve(Repository repository, String name)
      throws IOException, DeploymentFailedException {
    try (RevWalk walk = new RevWalk(repository)) {
      ObjectId id = repository.resolve(name);
      if (id == null) {
        throw noSuchRef();
      }
      return walk.parseCommit(id);
    } catch (AmbiguousObjectException e) {
      throw new DeploymentFailedException(
          "The repository has several commits that begin with " + git.ref(), e);
    } catch (IncorrectObjectTypeException e) {
      throw noSuchRef();
    }
  }

  private DeploymentFailedException noSuchRef() {
    return new DeploymentFailedException(
        git.ref().isEmpty()
            ? "The repository has no default branch; name one in git.ref"
            : "The repository has no branch, tag or commit \"" + git.ref() + "\"");
  }

  private void fetch(Git repository, int depth, String... specs) throws GitAPIException {
    var command =
        prepared(repository.fetch())
            .setRemote(git.url())
            .setTagOpt(TagOpt.NO_TAGS)
            .setProgressMonitor(new Monitor())
            .setRefSpecs(List.of(specs).stream().map(spec -> new RefSpec("+" + spec)).toList());
    if (depth > 0) {
      command.setDepth(depth);
    }
    command.call();
  }

  private void checkOut(Repository repository, RevCommit commit) throws IOException {
    DirCacheCheckout checkout =
        new DirCacheCheckout(repository, repository.lockDirCache(), commit.getTree());
    checkout.setFailOnConflict(true);
    checkout.setProgressMonitor(new Monitor());
    checkout.checkout();
  }

  private <C extends TransportCommand<C, ?>> C prepared(C command) {
    CredentialsProvider credentials = credentials();
    if (credentials != null) {
      command.setCredentialsProvider(credentials);
    }
    Path key = git.sshKey();
    return command
        .setTimeout((int) SILENCE.toSeconds())
        .setTransportConfigCallback(
            transport -> {
              if (transport instanceof SshTransport ssh) {
                ssh.setSshSessionFactory(ssh(key));
              }
            });
  }

  private static SshdSessionFactory ssh(@Nullable Path key) {
    File user = FS.DETECTED.userHome();
    SshdSessionFactoryBuilder builder =
        new SshdSessionFactoryBuilder()
            .setPreferredAuthentications("publickey")
            .setHomeDirectory(user)
            .setSshDirectory(new File(user, ".ssh"));
    if (key != null) {
      builder.setDefaultIdentities(directory -> List.of(key));
    }
    return builder.build(null);
  }

  /** The token goes to the host it is meant for and to no other that this one redirects to. */
  private @Nullable CredentialsProvider credentials() {
    String scheme = String.valueOf(uri.getScheme());
    String password = git.token() == null ? uri.getPass() : git.token();
    if (!scheme.startsWith("http") || password == null) {
      return null;
    }
    String user = uri.getUser() == null ? "x-access-token" : uri.getUser();
    return new UsernamePasswordCredentialsProvider(user, password) {
      @Override
      public boolean get(URIish asking, CredentialItem... items) {
        return scheme.equals(asking.getScheme())
            && String.valueOf(uri.getHost()).equals(asking.getHost())
            && uri.getPort() == asking.getPort()
            && super.get(asking, items);
      }
    };
  }

  private DeploymentFailedException failure(Throwable e) {
    if (e instanceof DeploymentFailedException known) {
      return known;
    }
    if (e instanceof RuntimeException unexpected && !(e.getCause() instanceof IOException)) {
      throw unexpected; // such as that the journal cannot be written
    }
    String url = Secrets.publicUrl(git.url());
    String message = String.valueOf(e.getMessage()).replace(git.url(), url);
    String lower = (message + EngineUnreachableException.reason(e)).toLowerCase(Locale.ROOT);
    if (lower.contains("authenticat")
        || lower.contains("not authorized")
        || lower.contains("auth fail")
        || lower.contains("not permitted")) {
      return new DeploymentFailedException(
          git.token() == null && git.sshKey() == null && uri.getPass() == null
              ? "The repository wants credentials (" + url + ")"
              : "The repository refused the credentials (" + url + ")",
          e);
    }
    if (lower.contains("server key") || lower.contains("host key")) {
      return new DeploymentFailedException(
          "The host of " + url + " is not in the known_hosts file of the server's user", e);
    }
    String reason = EngineUnreachableException.reason(e).replace(git.url(), url);
    return new DeploymentFailedException(
        "The repository " + url + " cannot be reached: " + reason, e);
  }

  /** Turns JGit's progress into ours, and its question whether to go on into our answer. */
  private final class Monitor extends EmptyProgressMonitor {
    private int total;
    private int done;
    private int percent;

    @Override
    public void beginTask(String title, int totalWork) {
      total = title.startsWith("Receiving") ? totalWork : 0;
      done = 0;
    }

    @Override
    public void update(int completed) {
      done += completed;
      if (total > 0) {
        int now = DeploymentStage.CLONING_REPO.progress((double) done / total);
        if (now > percent && !givenUp) {
          percent = now;
          report.status(DeploymentStage.CLONING_REPO, now, "Cloning repository...");
        }
      }
    }

    @Override
    public boolean isCancelled() {
      return givenUp;
    }
  }
}
