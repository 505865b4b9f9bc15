package io.miststream.docker.testing;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.eclipse.jgit.api.Git;
import org.eclipse.jgit.api.errors.GitAPIException;
import org.eclipse.jgit.lib.PersonIdent;

/** A repository with a work tree, to make commits in. */
public final class TestRepository implements AutoCloseable {
  private static final PersonIdent SOMEBODY = new PersonIdent("Somebody", "somebody@example.org");

  private final Path directory;
  private final Git git;

  private TestRepository(Path directory, Git git) {
    this.directory = directory;
    this.git = git;
  }

  /** An empty one, whose branch is {@code main}. */
  public static TestRepository create(Path directory) throws GitAPIException {
    return new TestRepository(
        directory, Git.init().setDirectory(directory.toFile()).setInitialBranch("main").call());
  }

  /**
   * Commits these files.
   *
   * @param files contents by their paths
   * @return the commit's full name
   */
  public String commit(String message, Map<String, String> files)
      throws IOException, GitAPIException {
    for (Map.Entry<String, String> file : files.entrySet()) {
      TestDirectory.write(directory.resolve(file.getKey()), file.getValue());
    }
    git.add().addFilepattern(".").call();
    return git.commit()
        .setMessage(message)
        .setAuthor(SOMEBODY)
        .setCommitter(SOMEBODY)
        .setSign(false)
        .call()
        .name();
  }

  /** Goes on with a branch, which is made if it is not there. */
  public void branch(String name) throws IOException, GitAPIException {
    boolean isNew = git.getRepository().findRef("refs/heads/" + name) == null;
    git.checkout().setName(name).setCreateBranch(isNew).call();
  }

  /** Tags the current commit. */
  public void tag(String name) throws GitAPIException {
    git.tag().setName(name).setMessage(name).setTagger(SOMEBODY).setSigned(false).call();
  }

  /** A bare copy. */
  public Path bare(Path target) throws GitAPIException {
    Git.cloneRepository()
        .setURI(directory.toUri().toString())
        .setDirectory(target.toFile())
        .setBare(true)
        .setCloneAllBranches(true)
        .call()
        .close();
    return target;
  }

  @Override
  public void close() {
    git.close();
  }
}
