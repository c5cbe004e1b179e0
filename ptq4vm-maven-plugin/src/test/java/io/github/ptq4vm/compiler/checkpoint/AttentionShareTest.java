package io.github.ptq4vm.compiler.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.compiler.ImageSize;
import io.github.ptq4vm.network.GridOperation;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How little LocalMamba's weighing of channels costs, as the documentation states it. */
class AttentionShareTest {

  @ParameterizedTest
  @CsvSource({
    "local_vim_tiny, LocalVim-T, 1.260",
    "local_vssm_tiny, LocalVMamba-T, 3.687",
    "local_vssm_small, LocalVMamba-S, 7.711"
  })
  void isDocumented(String name, String title, double giga) throws IOException {
    Network network = ReleasedModels.network(name, ImageSize.square(224));
    double all = 0;
    double attention = 0;
    for (Operation operation : network.operations()) {
      double products = products(network, operation);
      all += products;
      attention += operation.output().contains("attn.") ? products : 0;
    }
    // An independent count of the whole network, zero tokens of windows left out.
    assertThat(all / 1e9).isCloseTo(giga, within(0.001 * giga));
    assertThat(Files.readString(Path.of("../docs/families.md")))
        .contains(
            String.format(
                Locale.ROOT,
                "| %s | %.1f M | %.2f %% |",
                title,
                attention / 1e6,
                100 * attention / all));
  }

  private static double products(Network network, Operation operation) {
    double outputs = network.shape(operation.output()).size();
    if (operation instanceof Operation.Linear linear) {
      return outputs * linear.inFeatures();
    }
    if (operation instanceof GridOperation.Convolution2d op) {
      return outputs * op.inChannels() * op.kernel() * op.kernel();
    }
    if (operation instanceof GridOperation.DepthwiseConvolution2d op) {
      return outputs * op.kernel() * op.kernel();
    }
    return operation instanceof Operation.CausalConvolution op ? outputs * op.width() : 0;
  }
}
