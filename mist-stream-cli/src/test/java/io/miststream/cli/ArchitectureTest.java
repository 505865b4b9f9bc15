package io.miststream.cli;

import static com.tngtech.archunit.base.DescribedPredicate.alwaysTrue;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.miststream.server.MistStreamServer;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Which package may see which. */
class ArchitectureTest {
  private static final String[] TRANSPORT = {"org.glassfish.."};
  private static final String DOCKER_CLIENT = "com.github.dockerjava..";
  private static final String DATABIND = "com.fasterxml.jackson.databind..";
  private static final String GIT = "org.eclipse.jgit..";
  private static JavaClasses classes;

  @BeforeAll
  static void read() {
    classes =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            // The test classes of other modules, whatever their build directory is called.
            .withImportOption(
                location ->
                    !location.contains("/test-classes/") && !location.contains("-tests.jar"))
            .importPackages("io.miststream");
  }

  /** A rule about packages that nothing matches would always hold. */
  @Test
  void everyPackageIsThere() {
    assertThat(classes.stream().map(JavaClass::getPackageName))
        .contains(
            "io.miststream.core",
            "io.miststream.core.wire",
            "io.miststream.core.topic",
            "io.miststream.core.deployment",
            "io.miststream.core.metrics",
            "io.miststream.docker",
            "io.miststream.metrics",
            "io.miststream.server",
            "io.miststream.server.tyrus",
            "io.miststream.server.http",
            "io.miststream.server.query",
            "io.miststream.client",
            "io.miststream.testkit",
            "io.miststream.cli")
        .doesNotContain("io.miststream.docker.testing");
    assertThat(classes.contain(ArchitectureTest.class)).isFalse();
  }

  private static void neverSees(String from, String... to) {
    noClasses()
        .that()
        .resideInAPackage(from)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(to)
        .check(classes);
  }

  @Test
  void coreSeesNoOtherModuleAndNoTransport() {
    for (String module : List.of("docker", "metrics", "server", "client", "cli", "testkit")) {
      neverSees("io.miststream.core..", "io.miststream." + module + "..");
    }
    neverSees("io.miststream.core..", TRANSPORT);
    neverSees("io.miststream.core..", DOCKER_CLIENT, DATABIND, GIT);
    neverSees("io.miststream.core..", "jakarta..", "java.net.http..", "org.slf4j..");
  }

  @Test
  void withinCoreTheMessagesComeFirstThenTheWireThenTheTopicsThenDeployments() {
    String wire = "io.miststream.core.wire..";
    String topic = "io.miststream.core.topic..";
    String deployment = "io.miststream.core.deployment..";
    neverSees("io.miststream.core", wire, topic, deployment, "io.miststream.core.metrics..");
    neverSees(wire, topic, deployment, "io.miststream.core.metrics..");
    neverSees(topic, deployment, "io.miststream.core.metrics..");
    neverSees(deployment, "io.miststream.core.metrics..");
    neverSees("io.miststream.core.metrics..", deployment);
  }

  @Test
  void providersServerAndClientDoNotSeeOneAnother() {
    neverSees(
        "io.miststream.docker..",
        "io.miststream.metrics..",
        "io.miststream.server..",
        "io.miststream.client..",
        "io.miststream.cli..",
        "io.miststream.testkit..");
    neverSees(
        "io.miststream.server..",
        "io.miststream.docker..",
        "io.miststream.metrics..",
        "io.miststream.client..",
        "io.miststream.cli..",
        "io.miststream.testkit..");
    neverSees(
        "io.miststream.client..",
        "io.miststream.docker..",
        "io.miststream.metrics..",
        "io.miststream.server..",
        "io.miststream.cli..",
        "io.miststream.testkit..");
    neverSees(
        "io.miststream.metrics..",
        "io.miststream.docker..",
        "io.miststream.server..",
        "io.miststream.client..",
        "io.miststream.cli..",
        "io.miststream.testkit..");
    neverSees(
        "io.miststream.testkit..",
        "io.miststream.docker..",
        "io.miststream.metrics..",
        "io.miststream.metrics..",
        "io.miststream.server..",
        "io.miststream.client..",
        "io.miststream.cli..");
  }

  @Test
  void onlyTheServersTransportSeesTyrusAndGrizzly() {
    noClasses()
        .that()
        .resideOutsideOfPackages("io.miststream.server.tyrus..", "io.miststream.server.http..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(TRANSPORT)
        .check(classes);
    neverSees("io.miststream.server.http..", "org.glassfish.tyrus..");
  }

  @Test
  void onlyTheServerSeesJakartaWebSocket() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.miststream.server..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("jakarta..")
        .check(classes);
  }

  @Test
  void onlyTheDockerModuleSeesItsClient() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.miststream.docker..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(DOCKER_CLIENT, GIT)
        .check(classes);
    noClasses()
        .that()
        .resideOutsideOfPackages("io.miststream.docker..", "io.miststream.server.http..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(DATABIND)
        .check(classes);
  }

  @Test
  void onlyTheServersFiguresSeeMicrometer() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.miststream.server.prometheus..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.micrometer..", "io.prometheus..")
        .check(classes);
  }

  @Test
  void onlyTheMetricsModuleSeesOshi() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.miststream.metrics..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("oshi..", "com.sun.jna..")
        .check(classes);
  }

  @Test
  void theEndpointsAreForAnyContainer() {
    // The stand-alone server is where the endpoints and our own container are put together.
    noClasses()
        .that()
        .resideInAPackage("io.miststream.server")
        .and()
        .doNotBelongToAnyOf(MistStreamServer.class)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "io.miststream.server.tyrus..",
            "io.miststream.server.http..",
            "io.miststream.server.prometheus..")
        .check(classes);
    neverSees("io.miststream.server.http..", "io.miststream.server.tyrus..");
  }

  @Test
  void packagesHaveNoCycles() {
    slices()
        .matching("io.miststream.(**)")
        .should()
        .beFreeOfCycles()
        // See above: it wires the packages that build on its own.
        .ignoreDependency(
            belongToAnyOf(MistStreamServer.class),
            resideInAnyPackage(
                "io.miststream.server.tyrus..",
                "io.miststream.server.http..",
                "io.miststream.server.prometheus.."))
        .check(classes);
    assertThat(classes.that(alwaysTrue())).hasSizeGreaterThan(50);
  }
}
