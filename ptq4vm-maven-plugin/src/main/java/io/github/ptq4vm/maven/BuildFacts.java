package io.github.ptq4vm.maven;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/**
 * Versions the build wrote into the plugin.
 *
 * @param version version of the plugin and of the runtime that belongs to it
 * @param jcuda version of {@code org.jcuda:jcuda-natives}
 * @param pytorchJni version of {@code ai.djl.pytorch:pytorch-jni}
 * @param pytorchNative version of {@code ai.djl.pytorch:pytorch-native-cpu}
 */
record BuildFacts(String version, String jcuda, String pytorchJni, String pytorchNative) {

  /** Reads them. */
  static BuildFacts load() {
    Properties properties = new Properties();
    try (InputStream in = BuildFacts.class.getResourceAsStream("build.properties")) {
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException("The plugin's own build.properties cannot be read.", e);
    }
    return new BuildFacts(
        properties.getProperty("version"),
        properties.getProperty("jcuda"),
        properties.getProperty("pytorch.jni"),
        properties.getProperty("pytorch.native"));
  }
}
