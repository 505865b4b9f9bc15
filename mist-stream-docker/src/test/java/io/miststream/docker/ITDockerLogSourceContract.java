package io.miststream.docker;

import static io.miststream.docker.DockerTests.await;

import io.miststream.core.LogSource;
import io.miststream.core.LogStream;
import io.miststream.docker.testing.DockerFixture;
import io.miststream.docker.testing.TestContainer;
import io.miststream.testkit.LogSourceContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

@Tag("docker")
@Execution(ExecutionMode.CONCURRENT)
class ITDockerLogSourceContract extends LogSourceContract {
  private static DockerFixture docker;
  private static DockerLogSource source;

  @BeforeAll
  static void connect() {
    docker = DockerFixture.connect();
    source = DockerLogSource.builder().dockerHost(docker.host()).build();
  }

  @AfterAll
  static void close() {
    if (docker != null) {
      source.close();
      docker.close();
    }
  }

  @Override
  protected LogSource source() {
    return source;
  }

  @Override
  protected App startApp() {
    return app(docker.container().runSilent());
  }

  @Override
  protected App startBeside(App app) {
    return app(docker.container().app(app.id()).runSilent());
  }

  private static App app(TestContainer container) {
    return new App() {
      @Override
      public long id() {
        return container.appId();
      }

      @Override
      public String container() {
        return container.name();
      }

      @Override
      public void print(LogStream stream, String line) {
        container.print(stream == LogStream.STDERR, line);
      }

      @Override
      public void print(String... lines) {
        container.print(false, lines);
      }

      @Override
      public void stop() {
        container.stop();
        await().until(() -> container.state().equals("exited"));
      }

      @Override
      public void start() {
        container.start();
      }

      @Override
      public void remove() {
        container.remove();
      }
    };
  }

  @Override
  protected long unknownApp() {
    return DockerFixture.newAppId();
  }
}
