"""Vim and VMamba (second generation) in plain PyTorch, with the keys of the public checkpoints.

Written to be fast in eager mode and capturable as a CUDA graph: tokens stay in raster order, all directions of a
block go through one scan, both x_proj and dt_proj are batched products, and the gate is part of the scan. Weights
that the scan reads (A_log, D, biases of step sizes) stay in float32.
"""

import zlib

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from peer_scan import scan

EPS = 1e-5
IN_FLOAT = ("A_log", "A_b_log", "A_logs", "D", "D_b", "Ds", "dt_projs_bias")


class Weights(nn.Module):
    """Named parameters, nothing else: the models below read them as they need them."""

    def __init__(self, **shapes):
        super().__init__()
        for name, shape in shapes.items():
            self.register_parameter(name, nn.Parameter(torch.zeros(shape), requires_grad=False))


def affine(channels):
    return Weights(weight=(channels,), bias=(channels,))


def norm(x, weights):
    return F.layer_norm(x, x.shape[-1:], weights.weight, weights.bias, EPS)


class Vim(nn.Module):
    def __init__(self, dim=192, depth=24, states=16, patch=16, image=224, classes=1000):
        super().__init__()
        self.dim, self.states, self.rank, self.patch = dim, states, -(-dim // 16), patch
        inner, rank = 2 * dim, self.rank
        tokens = (image // patch) ** 2 + 1
        self.patch_embed = nn.ModuleDict({"proj": Weights(weight=(dim, 3, patch, patch), bias=(dim,))})
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim), False)
        self.pos_embed = nn.Parameter(torch.zeros(1, tokens, dim), False)
        self.layers = nn.ModuleList()
        for _ in range(depth):
            mixer = Weights(A_log=(inner, states), D=(inner,), A_b_log=(inner, states), D_b=(inner,))
            mixer.in_proj = Weights(weight=(2 * inner, dim))
            mixer.out_proj = Weights(weight=(dim, inner))
            for suffix in ("", "_b"):
                mixer.add_module("conv1d" + suffix, Weights(weight=(inner, 1, 4), bias=(inner,)))
                mixer.add_module("x_proj" + suffix, Weights(weight=(rank + 2 * states, inner)))
                mixer.add_module("dt_proj" + suffix, Weights(weight=(inner, rank), bias=(inner,)))
            self.layers.append(nn.ModuleDict({"mixer": mixer, "norm": Weights(weight=(dim,))}))
        self.norm_f = Weights(weight=(dim,))
        self.head = Weights(weight=(classes, dim), bias=(classes,))

    def prepare(self):
        """What follows from weights alone, once they are loaded and on their device."""
        forward = torch.arange(self.pos_embed.shape[1], dtype=torch.int32)
        self.order = torch.stack([forward, forward.flip(0)]).contiguous().to(self.pos_embed.device)
        self.blocks = []
        for layer in self.layers:
            m = layer["mixer"]
            self.blocks.append(dict(
                # The backward direction's causal convolution, in raster order, looks ahead.
                conv=(m.conv1d.weight.data, m.conv1d_b.weight.data.flip(-1).contiguous()),
                x=torch.stack([m.x_proj.weight.t(), m.x_proj_b.weight.t()]).contiguous(),
                dt=torch.stack([m.dt_proj.weight.t(), m.dt_proj_b.weight.t()]).contiguous(),
                a=torch.stack([m.A_log, m.A_b_log]).float().contiguous(),
                skip=torch.stack([m.D, m.D_b]).float().contiguous(),
                bias=torch.stack([m.dt_proj.bias, m.dt_proj_b.bias]).float().contiguous()))
        return self

    def mix(self, x, m, w):
        batch, tokens, _ = x.shape
        x, z = F.linear(x, m.in_proj.weight).chunk(2, -1)
        x = x.transpose(1, 2)
        channels = x.shape[1]
        u = torch.stack([
            F.silu(F.conv1d(F.pad(x, (3, 0)), w["conv"][0], m.conv1d.bias, groups=channels)).transpose(1, 2),
            F.silu(F.conv1d(F.pad(x, (0, 3)), w["conv"][1], m.conv1d_b.bias, groups=channels)).transpose(1, 2)])
        bc = torch.bmm(u.view(2, batch * tokens, channels), w["x"])
        dt = torch.bmm(bc[..., :self.rank], w["dt"])
        y = scan(u, dt.view(2, batch, tokens, channels), bc.view(2, batch, tokens, -1),
                 w["a"], w["skip"], w["bias"], self.order, z)
        return F.linear((y[0] + y[1]) * 0.5, m.out_proj.weight)

    def forward(self, image):
        patches = self.patch_embed["proj"]
        x = F.conv2d(image, patches.weight, patches.bias, stride=self.patch).flatten(2).transpose(1, 2)
        middle = x.shape[1] // 2
        token = self.cls_token.expand(x.shape[0], -1, -1)
        x = torch.cat([x[:, :middle], token, x[:, middle:]], 1) + self.pos_embed
        for layer, weights in zip(self.layers, self.blocks):
            x = x + self.mix(F.rms_norm(x, (self.dim,), layer["norm"].weight, EPS), layer["mixer"], weights)
        return F.linear(F.rms_norm(x[:, middle], (self.dim,), self.norm_f.weight, EPS),
                        self.head.weight, self.head.bias)


class VMamba(nn.Module):
    def __init__(self, dim=96, depths=(2, 2, 8, 2), ratio=1, classes=1000):
        super().__init__()
        self.patch_embed = nn.ModuleDict({
            "0": Weights(weight=(dim // 2, 3, 3, 3), bias=(dim // 2,)), "2": affine(dim // 2),
            "5": Weights(weight=(dim, dim // 2, 3, 3), bias=(dim,)), "7": affine(dim)})
        self.layers = nn.ModuleList()
        for stage, depth in enumerate(depths):
            width = dim << stage
            layer = nn.ModuleDict({"blocks": nn.ModuleList(self.block(width, ratio) for _ in range(depth))})
            if stage + 1 < len(depths):
                layer["downsample"] = nn.ModuleDict({
                    "1": Weights(weight=(2 * width, width, 3, 3), bias=(2 * width,)), "3": affine(2 * width)})
            self.layers.append(layer)
        last = dim << len(depths) - 1
        self.classifier = nn.ModuleDict({"norm": affine(last),
                                         "head": Weights(weight=(classes, last), bias=(classes,))})
        self.orders = {}

    @staticmethod
    def block(width, ratio):
        inner, rank = ratio * width, -(-width // 16)
        op = Weights(x_proj_weight=(4, rank + 2, inner), dt_projs_weight=(4, inner, rank),
                     dt_projs_bias=(4, inner), A_logs=(4 * inner, 1), Ds=(4 * inner,))
        op.in_proj = Weights(weight=(inner, width))
        op.conv2d = Weights(weight=(inner, 1, 3, 3))
        op.out_norm = affine(inner)
        op.out_proj = Weights(weight=(width, inner))
        mlp = nn.ModuleDict({"fc1": Weights(weight=(4 * width, width), bias=(4 * width,)),
                             "fc2": Weights(weight=(width, 4 * width), bias=(width,))})
        return nn.ModuleDict({"norm": affine(width), "op": op, "norm2": affine(width), "mlp": mlp})

    def prepare(self):
        """What follows from weights alone, once they are loaded and on their device."""
        for layer in self.layers:
            for block in layer["blocks"]:
                op = block["op"]
                op.x = op.x_proj_weight.data.flatten(0, 1)
                op.dt = op.dt_projs_weight.data.transpose(1, 2).contiguous()
                op.a = op.A_logs.data.float().view(4, -1, 1)
                op.skip = op.Ds.data.float().view(4, -1)
                op.bias = op.dt_projs_bias.data.float()
        return self

    def order(self, height, width, device):
        """Rows, columns, and both backwards; made once a size, before any capture."""
        key = (height, width, str(device))
        if key not in self.orders:
            raster = torch.arange(height * width, dtype=torch.int32).view(height, width)
            rows, columns = raster.flatten(), raster.t().flatten()
            self.orders[key] = torch.stack([rows, columns, rows.flip(0), columns.flip(0)]).contiguous().to(device)
        return self.orders[key]

    def mix(self, x, op):
        batch, height, width, _ = x.shape
        tokens = height * width
        x = F.linear(x, op.in_proj.weight).permute(0, 3, 1, 2)
        channels = x.shape[1]
        u = F.silu(F.conv2d(x, op.conv2d.weight, padding=1, groups=channels))
        u = u.permute(0, 2, 3, 1).reshape(batch, tokens, channels)
        bc = F.linear(u, op.x).view(batch, tokens, 4, -1).permute(2, 0, 1, 3)
        low = bc[..., :op.dt.shape[1]].reshape(4, batch * tokens, -1)
        dt = torch.bmm(low, op.dt).view(4, batch, tokens, channels)
        y = scan(u.expand(4, -1, -1, -1), dt, bc, op.a, op.skip, op.bias,
                 self.order(height, width, x.device)).sum(0)
        return F.linear(norm(y, op.out_norm), op.out_proj.weight).view(batch, height, width, -1)

    @staticmethod
    def convolve(x, weights, stride=2):
        """A convolution between values that have their channels last."""
        y = F.conv2d(x.permute(0, 3, 1, 2), weights.weight, weights.bias, stride=stride, padding=1)
        return y.permute(0, 2, 3, 1)

    def forward(self, image):
        p = self.patch_embed
        x = F.gelu(norm(self.convolve(image.permute(0, 2, 3, 1), p["0"]), p["2"]))
        x = norm(self.convolve(x, p["5"]), p["7"])
        for layer in self.layers:
            for block in layer["blocks"]:
                x = x + self.mix(norm(x, block["norm"]), block["op"])
                mlp = block["mlp"]
                wide = F.gelu(F.linear(norm(x, block["norm2"]), mlp["fc1"].weight, mlp["fc1"].bias))
                x = x + F.linear(wide, mlp["fc2"].weight, mlp["fc2"].bias)
            if "downsample" in layer:
                x = norm(self.convolve(x, layer["downsample"]["1"]), layer["downsample"]["3"])
        head = self.classifier["head"]
        return F.linear(norm(x, self.classifier["norm"]).mean((1, 2)), head.weight, head.bias)


MODELS = {
    "vim_tiny": lambda: Vim(192),
    "vim_small": lambda: Vim(384),
    "vim_base": lambda: Vim(768),
    "vmamba_t_s1l8": lambda: VMamba(96, (2, 2, 8, 2), 1),
    "vmamba_s_s2l15": lambda: VMamba(96, (2, 2, 15, 2), 2),
    "vmamba_b_s2l15": lambda: VMamba(128, (2, 2, 15, 2), 2),
}


def uniform(key, count):
    """Numbers in [0, 1): the upper 24 bits of a SplitMix64 step over the key's CRC-32 and the index."""
    with np.errstate(over="ignore"):
        z = np.uint64(zlib.crc32(key.encode()) << 32) + np.arange(count, dtype=np.uint64)
        z = z + np.uint64(0x9E3779B97F4A7C15)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            z = (z ^ z >> np.uint64(shift)) * np.uint64(factor)
        return ((z ^ z >> np.uint64(31)) >> np.uint64(40)) / 2.0**24


def filler(key, shape):
    """The weight that golden logits were made with."""
    count = int(np.prod(shape))
    v = 2 * uniform(key, count) - 1
    *parents, leaf = key.split(".")
    if leaf.startswith("A_"):
        v = np.log(1.0 + np.arange(count) % shape[-1]) + 0.1 * v
    elif leaf in ("D", "D_b", "Ds") or (leaf == "weight" and len(shape) == 1):
        v = 1 + 0.1 * v
    elif leaf == "dt_projs_bias" or (leaf == "bias" and parents[-1].startswith("dt_proj")):
        v = v - 3
    elif len(shape) == 1 or leaf in ("cls_token", "pos_embed"):
        v = 0.1 * v
    elif leaf in ("x_proj_weight", "dt_projs_weight"):
        v = v / np.sqrt(shape[-1])
    else:
        v = v / np.sqrt(np.prod(shape[1:]))
    return torch.from_numpy(v.astype(np.float32).reshape(shape))


def image(batch, height=224, width=224):
    """The image that golden logits were made with."""
    values = 2 * (2 * uniform("input", batch * 3 * height * width) - 1)
    return torch.from_numpy(values.astype(np.float32).reshape(batch, 3, height, width))


def fill(model):
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            parameter.copy_(filler(key, tuple(parameter.shape)))
    return model


def convert(model, device, dtype):
    """Moves a model; what the scan reads stays in float32."""
    for key, parameter in model.named_parameters():
        leaf = key.rsplit(".", 1)[-1]
        keep = leaf in IN_FLOAT or (leaf == "bias" and ".dt_proj" in key)
        parameter.data = parameter.data.to(device, torch.float32 if keep else dtype)
    return model.eval().prepare()
