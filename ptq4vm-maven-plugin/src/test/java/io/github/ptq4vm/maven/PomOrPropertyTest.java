package io.github.ptq4vm.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import java.io.Reader;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.lifecycle.internal.MojoDescriptorCreator;
import org.apache.maven.plugin.MojoExecution;
import org.apache.maven.plugin.PluginParameterExpressionEvaluator;
import org.apache.maven.plugin.descriptor.MojoDescriptor;
import org.apache.maven.plugin.descriptor.PluginDescriptor;
import org.apache.maven.plugin.descriptor.PluginDescriptorBuilder;
import org.codehaus.plexus.classworlds.ClassWorld;
import org.codehaus.plexus.component.configurator.BasicComponentConfigurator;
import org.codehaus.plexus.configuration.xml.XmlPlexusConfiguration;
import org.codehaus.plexus.util.xml.Xpp3Dom;
import org.codehaus.plexus.util.xml.Xpp3DomBuilder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What Maven makes of a parameter that both the pom and a property set. */
class PomOrPropertyTest {
  private final Properties properties = new Properties();
  private final QuantizeMojo mojo = new QuantizeMojo(new WorkerFactory(null), null);
  private MojoDescriptor quantize;

  @BeforeEach
  void read() throws Exception {
    try (Reader in = Files.newBufferedReader(Path.of("target/classes/META-INF/maven/plugin.xml"))) {
      PluginDescriptor plugin = new PluginDescriptorBuilder().build(in);
      quantize = plugin.getMojo("quantize");
    }
  }

  /** Sets the goal's fields as Maven does, by its own classes. */
  private void configure(String pom) throws Exception {
    Xpp3Dom ofPom = Xpp3DomBuilder.build(new StringReader("<c>" + pom + "</c>"));
    Xpp3Dom defaults = MojoDescriptorCreator.convert(quantize);
    Xpp3Dom merged = new Xpp3Dom("configuration");
    for (String name : new String[] {"variants", "workerJvmArguments", "steps", "architecture"}) {
      merged.addChild(
          Xpp3Dom.mergeXpp3Dom(ofPom.getChild(name), defaults.getChild(name), Boolean.TRUE));
    }
    MavenSession session = mock(MavenSession.class);
    when(session.getUserProperties()).thenReturn(properties);
    when(session.getSystemProperties()).thenReturn(new Properties());
    new BasicComponentConfigurator()
        .configureComponent(
            mojo,
            new XmlPlexusConfiguration(merged),
            new PluginParameterExpressionEvaluator(session, new MojoExecution(quantize)),
            new ClassWorld("test", getClass().getClassLoader()).getClassRealm("test"));
  }

  @Test
  @DisplayName("the pom wins over a property, but in a list the property wins")
  void both() throws Exception {
    String pom =
        "<variants><variant>w8a8</variant><variant>w4a4</variant></variants>"
            + "<workerJvmArguments><argument>-Xint</argument></workerJvmArguments>"
            + "<steps>5</steps><architecture>vim</architecture>";
    configure(pom);
    assertThat(mojo.variants).containsExactly("w8a8", "w4a4");
    assertThat(mojo.workerJvmArguments).containsExactly("-Xint");

    properties.setProperty("ptq4vm.variants", "w6a6");
    properties.setProperty("ptq4vm.workerJvmArguments", "-Da=b,-Dc=d");
    properties.setProperty("ptq4vm.steps", "7");
    properties.setProperty("ptq4vm.architecture", "auto");
    configure(pom);
    assertThat(mojo.variants).containsExactly("w6a6");
    assertThat(mojo.workerJvmArguments).containsExactly("-Da=b", "-Dc=d");
    assertThat(mojo.steps).isEqualTo(5);
    assertThat(mojo.architecture).isEqualTo("vim");
  }

  @Test
  @DisplayName("a property wins over the default")
  void property() throws Exception {
    configure("");
    assertThat(mojo.variants).containsExactly("w8a8");
    assertThat(mojo.steps).isEqualTo(100);

    properties.setProperty("ptq4vm.variants", "w6a6,w4a4");
    properties.setProperty("ptq4vm.steps", "7");
    configure("");
    assertThat(mojo.variants).containsExactly("w6a6", "w4a4");
    assertThat(mojo.steps).isEqualTo(7);
  }
}
