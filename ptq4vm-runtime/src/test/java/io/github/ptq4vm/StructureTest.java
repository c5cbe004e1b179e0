package io.github.ptq4vm;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Who may import whom. Exceptions of the public API belong to every room; they import nothing. */
@AnalyzeClasses(packages = "io.github.ptq4vm", importOptions = ImportOption.DoNotIncludeTests.class)
class StructureTest {

  private static final String ROOT = "io.github.ptq4vm";

  private static final String EXCEPTIONS = "exceptions";

  /** Rooms and what they may import besides themselves and the exceptions. */
  private static final Map<String, Set<String>> MAY_IMPORT =
      new TreeMap<>(
          Map.of(
              "network", Set.of(),
              "image", Set.of(),
              "artifact", Set.of("network", "image"),
              "cpu", Set.of("network"),
              "cuda", Set.of("network"),
              "", Set.of("network", "artifact", "image", "cpu", "cuda"),
              "djl", Set.of("", "artifact", "image"),
              "cli", Set.of("", "artifact", "image", "network")));

  private static final DescribedPredicate<JavaClass> OURS =
      DescribedPredicate.describe("of this project", c -> room(c) != null);

  @ArchTest
  void importsOnlyWhatItsRoomMay(JavaClasses all) {
    MAY_IMPORT.forEach(
        (room, allowed) ->
            classes()
                .that(in(Set.of(room)))
                .should()
                .onlyDependOnClassesThat(
                    DescribedPredicate.not(OURS).or(in(Set.of(room, EXCEPTIONS))).or(in(allowed)))
                .allowEmptyShould(true)
                .check(all));
  }

  @ArchTest
  void everyRoomIsKnown(JavaClasses all) {
    Set<String> rooms = all.stream().map(StructureTest::room).collect(Collectors.toSet());
    rooms.remove(EXCEPTIONS);
    assertThat(MAY_IMPORT.keySet()).containsAll(rooms);
  }

  @ArchTest
  void exceptionsImportNothing(JavaClasses all) {
    classes()
        .that(in(Set.of(EXCEPTIONS)))
        .should()
        .onlyDependOnClassesThat(DescribedPredicate.not(OURS).or(in(Set.of(EXCEPTIONS))))
        .check(all);
  }

  @ArchTest
  void hasNoCircles(JavaClasses all) {
    slices()
        .assignedFrom(
            new SliceAssignment() {
              @Override
              public SliceIdentifier getIdentifierOf(JavaClass javaClass) {
                String room = room(javaClass);
                return room == null ? SliceIdentifier.ignore() : SliceIdentifier.of(room);
              }

              @Override
              public String getDescription() {
                return "rooms";
              }
            })
        .should()
        .beFreeOfCycles()
        .check(all);
  }

  @ArchTest
  void everyPackageSaysWhatItsJobIs(JavaClasses all) {
    List<String> silent =
        all.stream()
            .map(JavaClass::getPackageName)
            .distinct()
            .filter(name -> !all.contain(name + ".package-info"))
            .toList();
    assertThat(silent).isEmpty();
  }

  @ArchTest
  void librariesDoNotPrint(JavaClasses all) {
    List<String> printing =
        all.stream()
            .filter(c -> !"cli".equals(room(c)))
            .filter(
                c ->
                    c.getFieldAccessesFromSelf().stream()
                        .anyMatch(
                            access ->
                                access.getTargetOwner().isEquivalentTo(System.class)
                                    && Arrays.asList("out", "err")
                                        .contains(access.getTarget().getName())))
            .map(JavaClass::getName)
            .toList();
    assertThat(printing).isEmpty();
  }

  @Test
  void noClassIsOver500Lines() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("src"))) {
      List<Path> sources = files.filter(file -> file.toString().endsWith(".java")).toList();
      assertThat(sources).hasSizeGreaterThan(100);
      for (Path source : sources) {
        assertThat(Files.readAllLines(source)).as(source.toString()).hasSizeLessThanOrEqualTo(500);
      }
    }
  }

  private static DescribedPredicate<JavaClass> in(Set<String> rooms) {
    return DescribedPredicate.describe(
        "in the rooms " + rooms, c -> room(c) != null && rooms.contains(room(c)));
  }

  /** The room of a class: its first package below the root, empty for the public API. */
  private static String room(JavaClass javaClass) {
    String name = javaClass.getPackageName();
    if (name.equals(ROOT)) {
      return javaClass.isAssignableTo(RuntimeException.class) ? EXCEPTIONS : "";
    }
    return name.startsWith(ROOT + ".") ? name.substring(ROOT.length() + 1).split("\\.")[0] : null;
  }
}
