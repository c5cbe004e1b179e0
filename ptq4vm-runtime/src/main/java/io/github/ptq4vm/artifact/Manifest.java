package io.github.ptq4vm.artifact;

import io.github.ptq4vm.network.Network;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What {@code model.json} says.
 *
 * @param formatVersion version of the file format
 * @param minRuntimeVersion oldest runtime that can run the model
 * @param description what the model is and where it comes from
 * @param network the operations
 * @param files size and digest of every other file of the model, by name
 */
public record Manifest(
    int formatVersion,
    String minRuntimeVersion,
    ModelDescription description,
    Network network,
    SortedMap<String, FileDigest> files) {

  /** Takes a copy of the files. */
  public Manifest {
    files = Collections.unmodifiableSortedMap(new TreeMap<>(files));
  }

  /** What the model is called. */
  public ModelId id() {
    return description.id();
  }
}
