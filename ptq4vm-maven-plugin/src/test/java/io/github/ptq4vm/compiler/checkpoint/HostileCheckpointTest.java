package io.github.ptq4vm.compiler.checkpoint;

import static io.github.ptq4vm.compiler.checkpoint.TorchFile.floats;
import static io.github.ptq4vm.compiler.checkpoint.TorchFile.sizes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.compiler.CompileException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files made to harm the reader: each is refused with a sentence that says why. */
class HostileCheckpointTest {
  @TempDir Path folder;

  private void refused(TorchFile made, String... reasons) {
    refused(made.write(folder), reasons);
  }

  private static void refused(Path file, String... reasons) {
    assertThatThrownBy(() -> Checkpoints.open(file, "model").close())
        .isInstanceOf(CompileException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContainingAll(reasons);
  }

  @ParameterizedTest
  @CsvSource({
    "os,system",
    "posix,system",
    "nt,system",
    "subprocess,Popen",
    "builtins,eval",
    "__builtin__,exec",
    "builtins,__import__"
  })
  void functionsThatAct(String module, String name) {
    refused(
        new TorchFile().global(module, name).text("true").raw(0x85, 'R'),
        module + "." + name,
        "Nothing was run");
    refused(
        new TorchFile().text(module).text(name).raw(0x93).text("true").raw(0x85, 'R'),
        module + "." + name);
  }

  @Test
  void unknownClassesAreInertAndOnlyAProblemWhereATensorIsExpected() {
    TorchFile beside = new TorchFile().raw('}').text("args");
    beside.global("my.config", "Config").raw(')', 0x81, '}', 'b', 's');
    beside.text("model").raw('}').vector("w", 1, 2).raw('s');
    try (Checkpoint checkpoint = Checkpoints.open(beside.write(folder), "model")) {
      assertThat(checkpoint.read("w").data()).containsExactly(1, 2);
    }
    TorchFile inside = new TorchFile().raw('}').text("model").raw('}').text("w");
    inside.global("my.config", "Config").raw(')', 'R', 's', 's');
    refused(inside, "\"w\"", "my.config.Config", "tensor is expected");
    refused(
        new TorchFile().global("my.nets", "Net").raw(')', 'R'),
        "an object of my.nets.Net where a dict is expected");
  }

  @ParameterizedTest
  @ValueSource(ints = {'i', 'o', 'P', 'I', 'V', 'S', 'g', 'p', 0x82, 0x97, 0x98, 0xff, 0})
  void opcodesOutsideTheList(int opcode) {
    refused(
        new TorchFile().raw('(', opcode).ascii("os\nsystem\n"),
        String.format("0x%02x", opcode),
        "byte 3");
  }

  @Test
  void protocolsOfTheFuture() {
    refused(new TorchFile().raw(0x80, 6, '}'), "protocol 6");
  }

  @Test
  void changesToThingsThatAreNoContainers() {
    refused(new TorchFile().integer(1).text("a").raw('a'), "changes the integer 1");
    refused(new TorchFile().integer(1).text("a").text("b").raw('s'), "changes the integer 1");
    refused(new TorchFile().text("x").raw('}', 'b'), "changes a string");
    refused(new TorchFile().text("x").raw(')', 'R'), "calls a string");
    refused(new TorchFile().raw('}', '(').text("k").raw('u'), "key without a value");
  }

  @Test
  void stackAndMemoThatDoNotAddUp() {
    refused(new TorchFile(), "empty stack");
    refused(new TorchFile().raw('}', '}'), "left on its stack");
    refused(new TorchFile().raw('t'), "mark that it never set");
    refused(new TorchFile().raw('}', '(', 's'), "empty stack");
    refused(new TorchFile().raw('h', 7), "recalls the value 7");
    refused(new TorchFile().raw('X', 0xff, 0xff, 0xff, 0x7f), "truncated or damaged");
    refused(new TorchFile().raw(0x8b, 0xff, 0xff, 0xff, 0xff), "truncated or damaged");
    refused(new TorchFile().raw('X', 2, 0, 0, 0, 0xc3, 0x28), "UTF-8");
    refused(new TorchFile().ascii("c" + "a".repeat(5000) + "\nb\n"), "1024 bytes");
  }

  @Test
  void deepNestingDoesNotOverflowTheStack() {
    TorchFile tuples = new TorchFile().raw(')');
    TorchFile dicts = new TorchFile();
    for (int i = 0; i < 300_000; i++) {
      tuples.raw(0x85);
      dicts.raw('}').text("model");
    }
    refused(tuples, "holds a tuple where a dict is expected");
    dicts.raw('}');
    for (int i = 0; i < 300_000; i++) {
      dicts.raw('s');
    }
    refused(dicts, "\"model\" of the state dict", "is a dict of 1 entries");
  }

  @Test
  void bombsRunIntoLimits() {
    TorchFile laughs = new TorchFile().raw(')');
    TorchFile stacked = new TorchFile();
    TorchFile memo = new TorchFile().raw('}');
    TorchFile steps = new TorchFile().raw('}');
    for (int i = 0; i < 64; i++) {
      laughs.raw('q', 0, 'h', 0, 0x86);
    }
    for (int i = 0; i < 1_100_000; i++) {
      stacked.raw('(');
      memo.raw(0x94);
    }
    for (int i = 0; i < 2_100_000; i++) {
      steps.raw('2', '0');
    }
    refused(laughs, "holds a tuple");
    refused(stacked, "nests more than");
    refused(memo, "remembers more than");
    refused(steps, "takes more than");
  }

  @Test
  void tensorsThatShareOneHugeSize() {
    TorchFile bomb = new TorchFile().integers(new long[100_000]).raw('q', 0, '0');
    for (int i = 0; i < 2000; i++) {
      bomb.global("torch._utils", "_rebuild_tensor_v2").raw('(', '(').text("storage");
      bomb.global("torch", "FloatStorage").text("0").text("cpu").integer(0).raw('t', 'Q');
      bomb.integer(0).raw('h', 0, 'h', 0, 't', 'R');
    }
    refused(bomb, "100000 dimensions", "at most 16");
  }

  @Test
  void selfReferenceEndsWell() {
    TorchFile circle = new TorchFile().raw('}', 'q', 0).text("model").raw('h', 0, 's');
    refused(circle, "\"model\"", "where a tensor is expected");
  }

  @Test
  void duplicateKeys() {
    refused(new TorchFile().raw('}').vector("w", 1).vector("w", 2), "sets the key \"w\" twice");
  }

  @Test
  void keysThatAreNoStringsAndEmptyStateDicts() {
    refused(
        new TorchFile()
            .raw('}')
            .text("model")
            .raw('}')
            .vector("w", 1)
            .integer(5)
            .raw('N', 's', 's'),
        "the integer 5");
    refused(new TorchFile().raw('}').text("model").raw('}', 's'), "is empty");
    refused(new TorchFile().raw('}'), "no weights \"model\"");
  }

  private TorchFile view(long numel, long offset, long[] size, long[] stride) {
    return new TorchFile()
        .raw('}')
        .text("w")
        .tensor("FloatStorage", "0", numel, offset, size, stride)
        .raw('s')
        .storage("0", floats(1, 2, 3, 4));
  }

  @Test
  void viewsBeyondTheirStorage() {
    refused(view(4, 0, sizes(5), sizes(1)), "\"w\"", "beyond its storage");
    refused(view(4, 1, sizes(4), sizes(1)), "beyond its storage");
    refused(view(4, 0, sizes(2, 2), sizes(3, 1)), "beyond its storage");
    refused(view(4, -1, sizes(2), sizes(1)), "offset must not be negative");
    refused(view(4, 3, sizes(2), sizes(-1)), "must not be negative");
    refused(view(4, 0, sizes(-2), sizes(1)), "must not be negative");
    refused(view(4, 0, sizes(4), sizes(1, 1)), "same rank");
    refused(view(4, 0, new long[17], new long[17]), "17 dimensions", "at most 16");
    refused(view(4, Long.MAX_VALUE, sizes(2), sizes(1)), "overflow");
    refused(view(4, 0, sizes(3), sizes(Long.MAX_VALUE)), "overflow");
    refused(view(4, 0, sizes(1 << 30, 1 << 30, 1 << 30), sizes(0, 0, 0)), "overflow");
    refused(view(4, 0, sizes(1 << 30), sizes(0)), "repeats elements");
    refused(view(4, 0, sizes(Long.MAX_VALUE), sizes(0)), "huge");
  }

  @Test
  void storagesThatDoNotMatchTheArchive() {
    refused(view(1L << 40, 0, sizes(1 << 30), sizes(1)), "1099511627776 elements", "16 bytes");
    refused(view(Long.MAX_VALUE, 0, sizes(4), sizes(1)), "holds 16 bytes");
    refused(view(-4, 0, sizes(4), sizes(1)), "holds 16 bytes");
    refused(view(3, 0, sizes(3), sizes(1)), "holds 16 bytes");
    TorchFile missing = new TorchFile().raw('}').text("w");
    refused(
        missing.tensor("FloatStorage", "../x", 4, 0, sizes(4), sizes(1)).raw('s'),
        "\"../x\"",
        "does not hold");
  }

  @Test
  void tensorsMadeFromNonsense() {
    TorchFile made = new TorchFile().raw('}').text("w");
    made.global("torch._utils", "_rebuild_tensor_v2").integers(1, 2, 3, 4).raw('R', 's');
    refused(made, "makes a tensor from arguments other than");
    TorchFile id = new TorchFile().integers(1, 2).raw('Q');
    refused(id, "refers to something that is not a storage");
    TorchFile complex = new TorchFile().raw('}').text("model").raw('}').text("w");
    complex.tensor("ComplexFloatStorage", "0", 2, 0, sizes(2), sizes(1)).raw('s', 's');
    refused(complex, "torch.ComplexFloatStorage", "where a tensor is expected");
  }

  @Test
  void wrongChecksumIsFoundWhereItIsReadAndNowhereElse() throws Exception {
    TorchFile made = new TorchFile().raw('}').text("model").raw('}').vector("good", 1, 2);
    Path file = made.vector("bad", 12345.678f).raw('s').write(folder);
    damage(file, floats(12345.678f));
    try (Checkpoint checkpoint = Checkpoints.open(file, "model")) {
      assertThat(checkpoint.read("good").data()).containsExactly(1, 2);
      assertThatThrownBy(() -> checkpoint.read("bad"))
          .isInstanceOf(CompileException.class)
          .hasMessageContaining("wrong checksum")
          .hasMessageContaining("root/data/bad");
    }
  }

  @Test
  void wrongChecksumIsFoundInStoragesThatTensorsShare() throws Exception {
    TorchFile made = new TorchFile().raw('}').text("model").raw('}');
    made.text("first").tensor("FloatStorage", "0", 4, 0, sizes(1), sizes(1)).raw('s');
    made.text("middle").tensor("FloatStorage", "0", 4, 1, sizes(2), sizes(1)).raw('s', 's');
    Path file = made.storage("0", floats(1, 2, 12345.678f, 4)).write(folder);
    try (Checkpoint checkpoint = Checkpoints.open(file, "model")) {
      assertThat(checkpoint.read("middle").data()).containsExactly(2, 12345.678f);
      assertThat(checkpoint.read("first").data()).containsExactly(1);
      assertThat(checkpoint.read("middle").data()).containsExactly(2, 12345.678f);
    }
    damage(file, floats(12345.678f));
    try (Checkpoint checkpoint = Checkpoints.open(file, "model")) {
      for (String key : new String[] {"first", "middle", "first"}) {
        assertThatThrownBy(() -> checkpoint.read(key))
            .isInstanceOf(CompileException.class)
            .hasMessageContaining("wrong checksum")
            .hasMessageContaining("root/data/0");
      }
    }
  }

  /** Changes one bit of the first byte of bytes that a file holds. */
  private static void damage(Path file, byte[] wanted) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    for (int i = 0; i + wanted.length <= bytes.length; i++) {
      if (Arrays.equals(bytes, i, i + wanted.length, wanted, 0, wanted.length)) {
        bytes[i] ^= 1;
      }
    }
    Files.write(file, bytes);
  }

  @Test
  void zipBombs() {
    TorchFile bomb = new TorchFile().raw('}').text("w").deflated();
    bomb.tensor("FloatStorage", "0", 1 << 20, 0, sizes(1 << 20), sizes(1)).raw('s');
    refused(bomb.storage("0", new byte[4 << 20]), "no weights compress like that");
    TorchFile pickle = new TorchFile().deflated();
    for (int i = 0; i < 17 << 20; i++) {
      pickle.raw('N');
    }
    refused(pickle, "at most 16777216 are expected");
  }

  @Test
  void archivesThatAreNoStateDicts() throws Exception {
    refused(new TorchFile().raw('}').entry("root/constants.pkl", new byte[1]), "TorchScript");
    refused(new TorchFile().raw('}').entry("other/data.pkl", new byte[1]), "more than one");
    refused(
        new TorchFile().entry("readme.txt", new byte[1]).writeEntries(folder),
        "without a data.pkl");
    refused(
        new TorchFile()
            .raw('}')
            .vector("w", 1)
            .entry("root/byteorder", "big".getBytes(StandardCharsets.US_ASCII)),
        "big-endian");
    Path twice = new TorchFile().raw('}').vector("aa", 1).vector("ab", 2).write(folder);
    String latin = Files.readString(twice, StandardCharsets.ISO_8859_1);
    Files.writeString(
        twice, latin.replace("root/data/ab", "root/data/aa"), StandardCharsets.ISO_8859_1);
    refused(twice, "\"root/data/aa\" twice");
  }

  @Test
  void otherFiles() throws Exception {
    Path text = Files.writeString(folder.resolve("model.pth"), "version https://git-lfs");
    refused(text, "neither a zip archive", "Git LFS");
    Path old = Files.write(folder.resolve("old.pth"), new byte[] {(byte) 0x80, 2, '}', '.'});
    refused(old, "before version 1.6");
    refused(Files.createFile(folder.resolve("empty.pth")), "neither");
    refused(folder.resolve("nowhere.pth"), "does not exist");
    refused(folder, "not a file");
    Path zip = Files.write(folder.resolve("cut.pth"), new byte[] {'P', 'K', 3, 4, 0, 0});
    refused(zip, "truncated or damaged");
  }
}
