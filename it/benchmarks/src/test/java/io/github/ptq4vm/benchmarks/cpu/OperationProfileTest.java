package io.github.ptq4vm.benchmarks.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.VisionMamba;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

class OperationProfileTest {
  private static final int BLOCKS = 3;
  private static final Network NETWORK =
      new VisionMamba(32, 64, BLOCKS, 16, 2, 4, 16, 16, 64, 10).network();

  @Test
  void operationsOfAKindAreSummedByImage() {
    OperationProfile profile = new OperationProfile(NETWORK);
    for (long nanos : new long[] {5, 1, 3}) {
      profile.add(
          NETWORK.operations().stream()
              .collect(Collectors.toMap(Function.identity(), operation -> nanos)));
    }

    Map<String, JsonObject> rows =
        StreamSupport.stream(profile.json().spliterator(), false)
            .map(JsonElement::getAsJsonObject)
            .collect(Collectors.toMap(row -> row.get("kind").getAsString(), Function.identity()));

    JsonObject scan = rows.get("selective scan");
    assertThat(scan.get("operations").getAsInt()).isEqualTo(2 * BLOCKS);
    assertThat(scan.get("nanos").getAsDouble()).isEqualTo(3.0 * 2 * BLOCKS);
    JsonObject projection = rows.get("linear in_proj");
    // 16 patches and the class token, 32 channels in, 128 out.
    assertThat(projection.get("products").getAsLong()).isEqualTo(BLOCKS * 17L * 32 * 128);
    assertThat(projection.get("bytes").getAsLong())
        .isEqualTo(4L * BLOCKS * (17 * (32 + 128) + 32 * 128));
    assertThat(rows.get("channels").get("bytes").getAsLong()).isZero();
  }

  @Test
  void quantilesLieBetweenNeighbours() {
    assertThat(Figures.quantile(List.of(4, 1, 2), 0.5)).isEqualTo(2);
    assertThat(Figures.quantile(List.of(1, 2), 0.25)).isCloseTo(1.25, within(1e-12));
    assertThat(Figures.quantile(List.of(7), 0.9)).isEqualTo(7);
  }
}
