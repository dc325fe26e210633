"""Mamba and its like: a state that tokens pass through, in place of attention."""

from __future__ import annotations

from dataclasses import dataclass

from hpctl.estimate.parameters.blocks import Feed, layer, layer_count, linear, whole, without_softmax
from hpctl.estimate.parameters.declare import family
from hpctl.estimate.parameters.keys import Keys
from hpctl.estimate.shape import ModelShape


def time_step_rank(keys: Keys, name: str) -> int:
    """Read the rank of the time step: a sixteenth of the model's width, rounded up, where it is left to the model."""
    by_width = -(-keys.number("hidden_size") // 16)
    return by_width if keys.word(name) == "auto" else keys.number(name, otherwise=by_width)


@family("mamba", "falcon_mamba")
def mamba(keys: Keys) -> ModelShape:
    """A layer is one mixer behind one norm."""
    hidden = keys.number("hidden_size")
    biased = keys.flag("use_bias")
    inner = keys.number("expand", otherwise=2) * hidden
    if keys.said.get("intermediate_size") is not None:
        inner = keys.number("intermediate_size")
    state = keys.number("state_size")
    rank = time_step_rank(keys, "time_step_rank")
    convolution = inner * keys.number("conv_kernel") + (inner if keys.flag("use_conv_bias", otherwise=True) else 0)
    count = (
        linear(hidden, 2 * inner, bias=biased)
        + convolution
        + linear(inner, rank + 2 * state)
        + linear(rank, inner, bias=True)
        + inner * state
        + inner
        + linear(inner, hidden, bias=biased)
    )
    layers = [layer(without_softmax(count), Feed(), hidden)] * layer_count(keys)
    return whole(keys, layers, outside=hidden)


@dataclass(frozen=True, slots=True)
class Mixer:
    """The widths of a Mamba 2 mixer, and which of its projections and its convolution have biases."""

    hidden: int
    inner: int
    heads: int
    groups: int
    state: int
    kernel: int
    input_bias: bool
    output_bias: bool
    convolution_bias: bool

    @property
    def parameters(self) -> int:
        """Count all, with the norm of the gated inner width that most have."""
        return self.without_norm + self.inner

    @property
    def without_norm(self) -> int:
        """Count input, convolution, decay, skip and time step of each head, and output."""
        mixed = self.inner + 2 * self.groups * self.state
        convolution = mixed * self.kernel + (mixed if self.convolution_bias else 0)
        inward = linear(self.hidden, self.inner + mixed + self.heads, bias=self.input_bias)
        outward = linear(self.inner, self.hidden, bias=self.output_bias)
        return inward + convolution + 3 * self.heads + outward


@family("mamba2")
def mamba2(keys: Keys) -> ModelShape:
    """A layer is one Mamba 2 mixer behind one norm."""
    hidden = keys.number("hidden_size")
    mixer = Mixer(
        hidden=hidden,
        inner=keys.number("expand", otherwise=2) * hidden,
        heads=keys.number("num_heads"),
        groups=keys.number("n_groups"),
        state=keys.number("state_size"),
        kernel=keys.number("conv_kernel"),
        input_bias=keys.flag("use_bias"),
        output_bias=keys.flag("use_bias"),
        convolution_bias=keys.flag("use_conv_bias", otherwise=True),
    )
    layers = [layer(without_softmax(mixer.parameters), Feed(), hidden)] * layer_count(keys)
    return whole(keys, layers, outside=hidden)
