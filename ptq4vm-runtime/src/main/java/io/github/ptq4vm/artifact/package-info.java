/**
 * The file format of a model ({@code docs/artifact-format.md}): manifest, operation list, weights
 * and digests; writing an artifact, finding one on the class path or disk, and reading it with
 * every size and digest checked before use.
 */
@NullMarked
package io.github.ptq4vm.artifact;

import org.jspecify.annotations.NullMarked;
