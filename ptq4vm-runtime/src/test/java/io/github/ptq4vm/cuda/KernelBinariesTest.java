package io.github.ptq4vm.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.ptq4vm.GpuUnavailableException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import jcuda.nvptxcompiler.JNvPTXCompiler;
import jcuda.nvptxcompiler.nvPTXCompileResult;
import jcuda.nvptxcompiler.nvPTXCompilerHandle;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The compiled kernels in the repository: whether they are of these sources, and complete. */
class KernelBinariesTest {
  private static final Path SOURCES = Path.of("src/main/cuda");
  private static final Pattern KERNEL = Pattern.compile("(?m)^KERNEL\\((\\w+),");
  private static final Pattern ENTRY = Pattern.compile("(?m)^\\.visible \\.entry (\\w+)\\(");

  private static JsonObject description() throws IOException {
    String json =
        Files.readString(Path.of("src/main/resources/io/github/ptq4vm/cuda/kernels.json"));
    return JsonParser.parseString(json).getAsJsonObject();
  }

  private static List<Path> sources() throws IOException {
    try (Stream<Path> files = Files.list(SOURCES)) {
      return files.sorted().toList();
    }
  }

  private static String hex(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void binariesAreOfTheseSources() throws IOException {
    StringBuilder list = new StringBuilder();
    for (Path source : sources()) {
      String text = Files.readString(source).replace("\r", "");
      String digest = hex(text.getBytes(StandardCharsets.UTF_8));
      list.append(digest).append(' ').append(source.getFileName()).append('\n');
    }
    assertThat(hex(list.toString().getBytes(StandardCharsets.UTF_8)))
        .as(
            "The kernels' sources in ptq4vm-runtime/src/main/cuda changed after their binaries were"
                + " made. Run `mvn -pl ptq4vm-runtime generate-resources -Pcuda` on a machine with"
                + " nvcc 13 (no GPU is needed) and commit what it changes.")
        .isEqualTo(description().get("sources").getAsString());
  }

  /** Names of the kernels in the sources, with those that macros of a source define. */
  private static Set<String> kernelsOfSources() throws IOException {
    Set<String> names = new TreeSet<>();
    for (Path source : sources()) {
      if (source.toString().endsWith(".cu")) {
        Matcher matcher = KERNEL.matcher(Files.readString(source));
        while (matcher.find()) {
          names.add(matcher.group(1));
        }
      }
    }
    return names;
  }

  @Test
  void ptxHasEveryKernelAndTheVersionThatIsPromised() throws IOException {
    ByteBuffer image = KernelBinaries.ptx();
    assertThat(image.get(image.capacity() - 1)).isZero();
    String ptx = StandardCharsets.UTF_8.decode(image.limit(image.capacity() - 1)).toString();
    Set<String> entries = new TreeSet<>();
    Matcher matcher = ENTRY.matcher(ptx);
    while (matcher.find()) {
      entries.add(matcher.group(1));
    }
    assertThat(entries).isNotEmpty().containsAll(kernelsOfSources());
    assertThat(ptx)
        .contains(".version " + description().get("ptxVersion").getAsString() + "\n")
        .contains(".target sm_80\n");
  }

  @Test
  void everyArchitectureHasEveryKernelWithoutSpills() throws IOException {
    JsonObject description = description();
    Set<String> kernels = new TreeSet<>();
    List<String> spills = new ArrayList<>();
    int count = 0;
    for (JsonElement element : description.getAsJsonArray("kernels")) {
      JsonObject kernel = element.getAsJsonObject();
      kernels.add(kernel.get("name").getAsString());
      count++;
      if (kernel.get("spilledBytes").getAsInt() > 0) {
        spills.add(kernel.toString());
      }
    }
    assertThat(kernels).isNotEmpty().containsAll(kernelsOfSources());
    assertThat(count)
        .isEqualTo(kernels.size() * description.getAsJsonArray("architectures").size());
    assertThat(spills).isEmpty();
  }

  @Test
  void binariesAreSmall() {
    ByteBuffer binary = KernelBinaries.fatBinary();
    assertThat(binary.order(ByteOrder.LITTLE_ENDIAN).getInt(0)).isEqualTo(0xba55ed50);
    // The jar compresses them, and is to have less than 3 MB.
    assertThat(compressed(binary) + compressed(KernelBinaries.ptx())).isLessThan(2_500_000);
  }

  private static int compressed(ByteBuffer content) {
    Deflater deflater = new Deflater();
    deflater.setInput(content);
    deflater.finish();
    byte[] part = new byte[1 << 16];
    int size = 0;
    while (!deflater.finished()) {
      size += deflater.deflate(part);
    }
    deflater.end();
    return size;
  }

  /** The compiler of CUDA 12.0 stands for a driver that is older than the nvcc in use. */
  @ParameterizedTest
  @ValueSource(strings = {"sm_80", "sm_90"})
  void olderDriversCompileThePtx(String architecture) {
    String system = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    Assumptions.assumeTrue(system.equals("Linux amd64"), "There is no PTX compiler for " + system);
    ByteBuffer image = KernelBinaries.ptx();
    byte[] ptx = new byte[image.capacity()];
    image.get(ptx);
    PrivateNatives.load(
        () -> {
          nvPTXCompilerHandle compiler = new nvPTXCompilerHandle();
          assertThat(JNvPTXCompiler.nvPTXCompilerCreate(compiler, ptx.length, ptx)).isZero();
          String[] options = {"--gpu-name=" + architecture, "--opt-level=0"};
          int code = JNvPTXCompiler.nvPTXCompilerCompile(compiler, options.length, options);
          long[] size = new long[1];
          JNvPTXCompiler.nvPTXCompilerGetErrorLogSize(compiler, size);
          byte[] log = new byte[(int) size[0] + 1];
          JNvPTXCompiler.nvPTXCompilerGetErrorLog(compiler, log);
          assertThat(code)
              .as(new String(log, StandardCharsets.UTF_8))
              .isEqualTo(nvPTXCompileResult.NVPTXCOMPILE_SUCCESS);
          JNvPTXCompiler.nvPTXCompilerGetCompiledProgramSize(compiler, size);
          assertThat(size[0]).isPositive();
          return JNvPTXCompiler.nvPTXCompilerDestroy(compiler);
        });
  }

  @Test
  void aMissingFileIsAReasonToTakeTheProcessor() {
    assertThatThrownBy(() -> KernelBinaries.read("dropped.fatbin"))
        .isInstanceOf(GpuUnavailableException.class)
        .hasMessage(
            "No GPU can be used, because the runtime lacks its file dropped.fatbin. It is part of"
                + " ptq4vm-runtime's jar: check what repackaged it.");
  }
}
