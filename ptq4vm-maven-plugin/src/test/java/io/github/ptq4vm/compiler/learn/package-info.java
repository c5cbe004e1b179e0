/** Tests of joint learning: its loss, its gradients and what it promises. */
@NullMarked
package io.github.ptq4vm.compiler.learn;

import org.jspecify.annotations.NullMarked;
