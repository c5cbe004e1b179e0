/**
 * A backbone as data: typed operations over named values, the parameters they need, and the
 * families written down as functions from hyper-parameters to a {@link
 * io.github.ptq4vm.network.Network}.
 *
 * <p>Everything else (calibration, learning, the executors, the file format) walks a network and
 * knows no family by name. This room imports no other.
 */
@NullMarked
package io.github.ptq4vm.network;

import org.jspecify.annotations.NullMarked;
