"""Selective scan for the PyTorch peer: a Triton kernel for GPUs, and plain PyTorch as its reference.

All tensors are [K, B, L, channels] for K scan directions, in raster order of tokens, of any strides but a
contiguous last axis; order[k, t] is the raster position that direction k visits at step t. With
delta = softplus(dt + bias) and A = -exp(a_log): h[n] = exp(delta * A[n]) * h[n] + delta * B[n] * u, and
y = sum of C[n] * h[n] + skip * u, times SiLU(gate) where there is a gate. B and C are the last 2 N channels of bc.
"""

import torch
import torch.nn.functional as F

try:
    import triton
    import triton.language as tl
except ImportError:
    triton = None


def reference(u, dt, bc, a_log, skip, bias, order, gate=None):
    """The formula, a step at a time, in float32; on any device."""
    directions, batch, tokens, channels = dt.shape
    states = a_log.shape[-1]
    a = -torch.exp(a_log.float())
    y = torch.empty(directions, batch, tokens, channels, device=dt.device, dtype=dt.dtype)
    for k in range(directions):
        h = torch.zeros(batch, channels, states, device=dt.device)
        for t in range(tokens):
            at = int(order[k, t])
            x = u[k, :, at].float()
            delta = F.softplus(dt[k, :, at].float() + bias[k].float())
            b, c = bc[k, :, at, -2 * states:].float().chunk(2, -1)
            h = torch.exp(delta[..., None] * a[k]) * h + (delta * x)[..., None] * b[:, None]
            out = (h * c[:, None]).sum(-1) + skip[k].float() * x
            if gate is not None:
                out = out * F.silu(gate[:, at].float())
            y[k, :, at] = out.to(y.dtype)
    return y


if triton is not None:

    @triton.autotune(
        configs=[
            triton.Config({"BLOCK": 8}, num_warps=1),
            triton.Config({"BLOCK": 32}, num_warps=1),
            triton.Config({"BLOCK": 32}, num_warps=4),
            triton.Config({"BLOCK": 64}, num_warps=2),
        ],
        key=["programs", "tokens", "channels", "N"],
    )
    @triton.jit
    def _scan(u, dt, bc, a_log, skip, bias, order, gate, y, programs, tokens, channels, low,
              u_k, u_b, u_l, dt_k, dt_b, dt_l, bc_k, bc_b, bc_l, gate_b, gate_l, y_k, y_b, y_l,
              N: tl.constexpr, GATED: tl.constexpr, BLOCK: tl.constexpr):
        """One program an image, direction and block of channels; the state stays in registers."""
        channel = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        image = tl.program_id(1).to(tl.int64)
        k = tl.program_id(2).to(tl.int64)
        state = tl.arange(0, N)
        inside = channel < channels
        of = k * channels + channel
        # exp(delta * A) as a power of two.
        a = -tl.exp(tl.load(a_log + of[:, None] * N + state[None, :], inside[:, None], 0.0)) * 1.4426950408889634
        d = tl.load(skip + of, inside, 0.0).to(tl.float32)
        add = tl.load(bias + of, inside, 0.0).to(tl.float32)
        u += k * u_k + image * u_b
        dt += k * dt_k + image * dt_b
        bc += k * bc_k + image * bc_b + low
        y += k * y_k + image * y_b
        gate += image * gate_b
        order += k * tokens
        h = tl.zeros((BLOCK, N), tl.float32)
        # What the next step needs is loaded before this step's arithmetic.
        at = tl.load(order)
        x_next = tl.load(u + at * u_l + channel, inside, 0.0)
        dt_next = tl.load(dt + at * dt_l + channel, inside, 0.0)
        b_next = tl.load(bc + at * bc_l + state)
        c_next = tl.load(bc + at * bc_l + N + state)
        for t in range(0, tokens):
            here = at
            x = x_next.to(tl.float32)
            step = dt_next.to(tl.float32) + add
            b = b_next.to(tl.float32)
            c = c_next.to(tl.float32)
            at = tl.load(order + tl.minimum(t + 1, tokens - 1))
            x_next = tl.load(u + at * u_l + channel, inside, 0.0)
            dt_next = tl.load(dt + at * dt_l + channel, inside, 0.0)
            b_next = tl.load(bc + at * bc_l + state)
            c_next = tl.load(bc + at * bc_l + N + state)
            delta = tl.where(step > 20.0, step, tl.log(1.0 + tl.exp(tl.minimum(step, 20.0))))
            h = tl.exp2(delta[:, None] * a) * h + (delta * x)[:, None] * b[None, :]
            out = tl.sum(h * c[None, :], 1) + d * x
            if GATED:
                z = tl.load(gate + here * gate_l + channel, inside, 0.0).to(tl.float32)
                out = out * z / (1.0 + tl.exp(-z))
            tl.store(y + here * y_l + channel, out.to(y.dtype.element_ty), inside)


def scan(u, dt, bc, a_log, skip, bias, order, gate=None):
    """The scan by Triton on a GPU, by the reference elsewhere."""
    if not dt.is_cuda:
        return reference(u, dt, bc, a_log, skip, bias, order, gate)
    if triton is None:
        raise RuntimeError("The scan on a GPU needs Triton, which PyTorch for CUDA brings along.")
    directions, batch, tokens, channels = dt.shape
    states = a_log.shape[-1]
    y = torch.empty(directions, batch, tokens, channels, device=dt.device, dtype=dt.dtype)
    for tensor in (u, dt, bc, y) + (() if gate is None else (gate,)):
        if tensor.stride(-1) != 1:
            raise ValueError("The last axis of the scan's inputs must be contiguous.")
    gate_strides = (0, 0) if gate is None else gate.stride()[:2]
    grid = lambda meta: (triton.cdiv(channels, meta["BLOCK"]), batch, directions)
    _scan[grid](u, dt, bc, a_log, skip, bias, order, dt if gate is None else gate, y,
                batch * directions, tokens, channels, bc.shape[-1] - 2 * states,
                *u.stride()[:3], *dt.stride()[:3], *bc.stride()[:3], *gate_strides, *y.stride()[:3],
                N=states, GATED=gate is not None)
    return y
