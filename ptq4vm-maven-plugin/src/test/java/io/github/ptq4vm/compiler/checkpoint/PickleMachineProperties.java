package io.github.ptq4vm.compiler.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.compiler.CompileException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Any sequence of opcodes gives a value or a refusal, never another failure. */
class PickleMachineProperties {
  private static final List<String> PIECES =
      List.of(
          "}",
          ")",
          "]",
          "(",
          "t",
          "u",
          "s",
          "e",
          "a",
          "d",
          "l",
          "R",
          "b",
          "Q",
          "0",
          "1",
          "2",
          "N",
          "q\u0001",
          "h\u0001",
          "K\u0005",
          "X\u0001\0\0\0k",
          "X\u0007\0\0\0storage",
          "\u0085",
          "\u0086",
          "\u0087",
          "\u0081",
          "\u0093",
          "\u0094",
          "\u008f",
          "\u0090",
          "\u0091",
          ".",
          "ctorch\nFloatStorage\n",
          "ccollections\nOrderedDict\n",
          "ctorch._utils\n_rebuild_tensor_v2\n",
          "ctorch._utils\n_rebuild_parameter\n",
          "\u00ff");

  @Property(tries = 5000)
  void neverFailsOtherwise(@ForAll("programs") List<String> program) {
    ByteArrayOutputStream pickle = new ByteArrayOutputStream();
    program.forEach(piece -> pickle.writeBytes(piece.getBytes(StandardCharsets.ISO_8859_1)));
    try {
      assertThat(PickleMachine.run(pickle.toByteArray(), "The pickle").describe()).isNotBlank();
    } catch (CompileException e) {
      assertThat(e).hasMessageStartingWith("The pickle ").hasMessageContaining("opcode at byte");
    }
  }

  @Provide
  Arbitrary<List<String>> programs() {
    return Arbitraries.of(PIECES).list().ofMaxSize(40);
  }
}
