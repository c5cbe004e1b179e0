package io.github.ptq4vm.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.network.LocalVim;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.ScanDirection;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Kernels are made from weights once, however many operations use these. */
class SharedKernelsTest {

  @Test
  void linearsThatShareParametersShareTheKernel() {
    List<ScanDirection> directions =
        Stream.of("h", "v", "w2", "h_flip").map(ScanDirection::parse).toList();
    Network network =
        new LocalVim(12, 20, 3, 2, 4, 4, 4, 8, 12, 5, false, List.of(directions)).network();
    Model model = Filler.model(network);
    List<Operation.Linear> linears =
        network.operations().stream()
            .filter(Operation.Linear.class::isInstance)
            .map(Operation.Linear.class::cast)
            .toList();
    long weights = linears.stream().map(Operation.Linear::weight).distinct().count();
    assertThat(weights).isLessThan(linears.size());

    List<Object> made = new ArrayList<>();
    CpuKernels scalar = Providers.SCALAR;
    CpuKernels counting =
        (CpuKernels)
            Proxy.newProxyInstance(
                CpuKernels.class.getClassLoader(),
                new Class<?>[] {CpuKernels.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("linear")) {
                    made.add(arguments[0]);
                  }
                  return method.invoke(scalar, arguments);
                });
    try (CpuExecutor executor = new CpuExecutor(model, 1, counting)) {
      Set<Object> different = Collections.newSetFromMap(new IdentityHashMap<>());
      different.addAll(made);
      assertThat(made).hasSize(different.size()).hasSizeGreaterThanOrEqualTo((int) weights);
      float[][] images = {new float[3 * 8 * 12]};
      try (CpuExecutor plain = new CpuExecutor(model, 1, scalar)) {
        assertThat(executor.run(images)[0]).containsExactly(plain.run(images)[0]);
      }
    }
  }
}
