package io.github.ptq4vm.artifact;

import io.github.ptq4vm.image.Preprocessing;
import io.github.ptq4vm.network.Model;
import java.util.List;

/**
 * What an artifact is made of.
 *
 * @param description what the model is and where it comes from
 * @param model operations and parameters
 * @param preprocessing what happens to an image before the network
 * @param labels one label for each logit, each one line, or empty for none
 * @param licenseText text of the model's licence
 * @param modelCard what the model is and how it was made, in Markdown
 */
public record ArtifactContent(
    ModelDescription description,
    Model model,
    Preprocessing preprocessing,
    List<String> labels,
    String licenseText,
    String modelCard) {

  /** Takes a copy of the labels and checks that there is one for each logit. */
  public ArtifactContent {
    labels = List.copyOf(labels);
    int classes = model.network().classes();
    if (!labels.isEmpty() && labels.size() != classes) {
      throw new IllegalArgumentException(
          "There are "
              + labels.size()
              + " labels but the network has "
              + classes
              + " classes; there should be one for each class, or none.");
    }
    for (String label : labels) {
      if (label.isBlank()
          || label.lines().count() != 1
          || label.endsWith("\n")
          || label.endsWith("\r")) {
        throw new IllegalArgumentException(
            "The label \"" + label + "\" should be one line that is not blank.");
      }
    }
  }
}
