package io.github.ptq4vm;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The rooms of the plugin and who may import whom. */
class StructureTest {
  private static final String ROOT = "io.github.ptq4vm";
  private static final String MAVEN = ROOT + ".maven..";
  private static final String COMPILER = ROOT + ".compiler";
  private static final String WORKER = ROOT + ".compiler.worker..";
  private static final String CHECKPOINT = ROOT + ".compiler.checkpoint..";
  private static final String TENSOR = ROOT + ".compiler.tensor..";
  private static final Path SOURCES = Path.of("src/main/java");
  private static final JavaClasses CLASSES =
      new ClassFileImporter().importPath(Path.of("target/classes"));

  private static void check(ArchRule rule) {
    rule.allowEmptyShould(true).check(CLASSES);
  }

  @Test
  @DisplayName("only the tensor room uses DJL")
  void djl() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackage(TENSOR)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("ai.djl.."));
  }

  @Test
  @DisplayName("only the Maven room uses Maven")
  void maven() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackage(MAVEN)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                "org.apache.maven..", "org.eclipse.aether..", "javax.inject..", MAVEN));
  }

  @Test
  @DisplayName("the Maven room knows the compiler's contract and its worker, no pass of it")
  void mavenRoom() {
    check(
        noClasses()
            .that()
            .resideInAPackage(MAVEN)
            .should()
            .dependOnClassesThat(
                resideInAnyPackage(COMPILER + "..", ROOT + "..")
                    .and(
                        resideOutsideOfPackages(
                            MAVEN,
                            COMPILER,
                            WORKER,
                            ROOT,
                            ROOT + ".image..",
                            ROOT + ".artifact.."))));
  }

  @Test
  @DisplayName("no pass knows the worker it runs in")
  void worker() {
    check(
        noClasses()
            .that(resideInAnyPackage(COMPILER + "..").and(resideOutsideOfPackages(WORKER)))
            .should()
            .dependOnClassesThat()
            .resideInAPackage(WORKER));
  }

  @Test
  @DisplayName("reading checkpoints needs no tensors")
  void checkpoint() {
    check(
        noClasses()
            .that()
            .resideInAPackage(CHECKPOINT)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                TENSOR,
                WORKER,
                ROOT + ".compiler.quantize..",
                ROOT + ".compiler.learn..",
                ROOT + ".cpu.."));
  }

  @Test
  @DisplayName("the tensor room knows no pass")
  void tensor() {
    check(
        noClasses()
            .that()
            .resideInAPackage(TENSOR)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                CHECKPOINT, ROOT + ".compiler.quantize..", ROOT + ".compiler.learn.."));
  }

  @Test
  @DisplayName("the rooms inside the compiler form no circle")
  void circles() {
    check(
        SlicesRuleDefinition.slices().matching(ROOT + ".compiler.(*)..").should().beFreeOfCycles());
  }

  @Test
  @DisplayName("no static field changes: Maven may keep the plugin's classes between builds")
  void statics() {
    check(
        ArchRuleDefinition.fields()
            .that()
            .areStatic()
            .and()
            .areDeclaredInClassesThat()
            .resideInAPackage(ROOT + "..")
            .should()
            .haveModifier(JavaModifier.FINAL));
  }

  @Test
  @DisplayName("no code outside the rooms of networks and checkpoints names a family")
  void families() throws IOException {
    Pattern family = Pattern.compile("(?i)vim|vmamba|vssm|vision_?mamba|local_?mamba");
    Pattern comment = Pattern.compile("(?s)/\\*.*?\\*/|(?<!:)//[^\n]*");
    List<String> naming = new ArrayList<>();
    int read = 0;
    for (Path sources : List.of(SOURCES, Path.of("../ptq4vm-runtime").resolve(SOURCES))) {
      try (Stream<Path> files = Files.walk(sources)) {
        for (Path source : files.filter(file -> file.toString().endsWith(".java")).toList()) {
          String room = source.getParent().toString();
          if (!room.endsWith("compiler/checkpoint") && !room.endsWith("ptq4vm/network")) {
            read++;
            Matcher named = family.matcher(comment.matcher(read(source)).replaceAll(""));
            if (named.find()) {
              naming.add(source + ": " + named.group());
            }
          }
        }
      }
    }
    assertThat(read).isGreaterThan(100);
    assertThat(naming).isEmpty();
  }

  @Test
  @DisplayName("no class prints: the log and the worker's events are for that")
  void printing() throws IOException {
    try (Stream<Path> files = Files.walk(SOURCES)) {
      List<Path> printing =
          files
              .filter(file -> file.toString().endsWith(".java"))
              .filter(file -> read(file).contains("System.out"))
              .toList();
      assertThat(printing).isEmpty();
    }
  }

  @Test
  @DisplayName("every package says what its job is, and no class is over 500 lines")
  void sources() throws IOException {
    try (Stream<Path> files = Files.walk(SOURCES)) {
      List<Path> sources = files.filter(file -> file.toString().endsWith(".java")).toList();
      assertThat(sources).hasSizeGreaterThan(20);
      for (Path source : sources) {
        assertThat(source.resolveSibling("package-info.java")).content().contains("@NullMarked");
        assertThat(read(source).lines().count()).as(source.toString()).isLessThan(500);
      }
    }
  }

  @Test
  @DisplayName(
      "no array brackets are annotated: the tool that reads the goals' Javadoc fails there")
  void annotatedBrackets() throws IOException {
    try (Stream<Path> files = Files.walk(SOURCES)) {
      List<Path> annotated =
          files
              .filter(file -> file.toString().endsWith(".java"))
              .filter(file -> read(file).contains("@Nullable []"))
              .toList();
      assertThat(annotated).as("write @Nullable float[] for float @Nullable []").isEmpty();
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
