/** Tests of the goals and of what they need from Maven. */
@NullMarked
package io.github.ptq4vm.maven;

import org.jspecify.annotations.NullMarked;
