package io.github.ptq4vm.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.ModelNotFoundException;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelLocatorTest {

  @TempDir Path folder;

  @Test
  void findsAModelByNameThroughTheFirstLoaderThatHasIt() throws IOException {
    try (URLClassLoader empty = loader();
        URLClassLoader full = loader(jar("a", SmallModels.ID, 1))) {
      Artifact artifact =
          ModelLocator.read(
              "com.acme.models", "tiny-vim", "w4a4", Arrays.asList(null, empty, full));
      assertThat(artifact.manifest().id()).isEqualTo(SmallModels.ID);
      assertThat(ModelLocator.read(List.of(full)).manifest()).isEqualTo(artifact.manifest());
    }
  }

  @Test
  void namesEveryLoaderAndWhatIsThereWhenAModelIsNot() throws IOException {
    try (URLClassLoader empty = loader();
        URLClassLoader full = loader(jar("a", SmallModels.ID, 1))) {
      assertThatThrownBy(
              () -> ModelLocator.read("com.acme.models", "tiny-vim", "w8a8", List.of(empty, full)))
          .isInstanceOf(ModelNotFoundException.class)
          .hasMessageContaining(empty.toString())
          .hasMessageContaining(full.toString())
          .hasMessageContaining("com.acme.models:tiny-vim:1.2.0:w4a4");
    }
  }

  @Test
  void listsTheModelsOfAJarAndOfAClassPath() throws IOException {
    ModelId other = new ModelId("com.acme.models", "tiny-vim", "1.2.0", "w8a8");
    Path one = jar("a", SmallModels.ID, 1);
    Path two = jar("b", other, 2);
    assertThat(ModelLocator.list(two)).containsExactly(other);
    try (URLClassLoader both = loader(two, one)) {
      assertThat(ModelLocator.list(List.of(both))).containsExactly(SmallModels.ID, other);
      assertThatThrownBy(() -> ModelLocator.read(List.of(both)))
          .isInstanceOf(ModelNotFoundException.class)
          .hasMessageContaining("2 models")
          .hasMessageContaining("Name the one");
    }
  }

  @Test
  void refusesTwoVersionsOfOneModelButNotTheSameTwice() throws IOException {
    Path one = jar("a", SmallModels.ID, 1);
    Path same = jar("b", SmallModels.ID, 1);
    Path other = jar("c", SmallModels.ID, 2);
    try (URLClassLoader twice = loader(one, same);
        URLClassLoader different = loader(one, other)) {
      assertThat(read(twice).manifest().id()).isEqualTo(SmallModels.ID);
      assertThatThrownBy(() -> read(different))
          .isInstanceOf(ModelNotFoundException.class)
          .hasMessageContaining("different versions")
          .hasMessageContaining("c.jar");
    }
  }

  @Test
  void refusesNamesThatAreNone() {
    assertThatThrownBy(() -> ModelLocator.read("..", "a", "b", List.of()))
        .isInstanceOf(ModelNotFoundException.class)
        .hasMessageContaining("groupId");
    assertThatThrownBy(() -> ModelLocator.read(List.of()))
        .isInstanceOf(ModelNotFoundException.class)
        .hasMessageContaining("0 models");
  }

  private static Artifact read(ClassLoader loader) {
    return ModelLocator.read("com.acme.models", "tiny-vim", "w4a4", List.of(loader));
  }

  private Path jar(String name, ModelId id, long seed) throws IOException {
    Path jar = folder.resolve(name + ".jar");
    ArtifactContent tiny = SmallModels.tiny();
    ArtifactWriter.write(
        SmallModels.content(tiny.model().network(), id, seed), SmallModels.TIME, jar);
    return jar;
  }

  private static URLClassLoader loader(Path... jars) throws IOException {
    URL[] urls = new URL[jars.length];
    for (int i = 0; i < urls.length; i++) {
      urls[i] = jars[i].toUri().toURL();
    }
    return new URLClassLoader(urls, null);
  }
}
