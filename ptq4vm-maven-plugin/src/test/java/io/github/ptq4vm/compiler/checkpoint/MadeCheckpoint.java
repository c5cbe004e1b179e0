package io.github.ptq4vm.compiler.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** A checkpoint that exists only in memory. */
public record MadeCheckpoint(SortedMap<String, Tensor> weights) implements Checkpoint {

  /** With filler weights, by the network's own keys. */
  static MadeCheckpoint of(Network network) {
    return new MadeCheckpoint(FillerModels.tensors(network));
  }

  /** With another tensor, of filler weights. */
  public MadeCheckpoint with(String key, Integer... shape) {
    weights.put(key, Filler.parameter(key, List.of(shape)));
    return this;
  }

  /** Without a tensor it has. */
  public MadeCheckpoint without(String key) {
    assertThat(weights.remove(key)).isNotNull();
    return this;
  }

  MadeCheckpoint renamed(UnaryOperator<String> change) {
    SortedMap<String, Tensor> renamed = new TreeMap<>();
    weights.forEach((key, tensor) -> renamed.put(change.apply(key), tensor));
    return new MadeCheckpoint(renamed);
  }

  @Override
  public Path file() {
    return Path.of("made.pth");
  }

  @Override
  public String sha256() {
    return "00";
  }

  @Override
  public SortedMap<String, TensorInfo> tensors() {
    SortedMap<String, TensorInfo> infos = new TreeMap<>();
    weights.forEach((key, tensor) -> infos.put(key, new TensorInfo("F32", tensor.shape())));
    return infos;
  }

  @Override
  public Tensor.Floats read(String key) {
    return (Tensor.Floats) weights.get(key);
  }

  @Override
  public void close() {}
}
