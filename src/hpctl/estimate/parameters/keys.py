"""Reading a configuration's numbers: what it says first, then what its class in transformers takes instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hpctl.catalog.model_defaults import defaults_of
from hpctl.errors import SpecError
from hpctl.spec.model_config import ModelConfig

_SIZES = frozenset(
    {
        *("hidden_size", "n_embd", "d_model", "num_hidden_layers", "n_layer", "n_layers", "vocab_size"),
        *("num_attention_heads", "num_heads", "n_head", "n_heads", "intermediate_size", "moe_intermediate_size"),
        *("ffn_dim", "num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts"),
    }
)
"""What a whole configuration must say itself: a default would be another model's size."""

_AT_LEAST_ONE = frozenset(
    {"hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "vocab_size"}
)
"""What a model has whatever it is; the first of a key's names counts."""

_LARGEST = 10**9
"""Beyond it a number is a slip, and arithmetic with it no longer exact."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one configuration; several names given to a method are one key's names, in order of preference.

    A key that is null counts as not said, and then its class's default does not count either: null asks for the value
    that follows from the others.
    """

    origin: str
    model_type: str
    said: Mapping[str, object] = field(hash=False)
    defaults: Mapping[str, object] = field(hash=False)

    def number(self, *names: str, otherwise: int | None = None) -> int:
        """Give a whole number, or `otherwise`.

        Raises SpecError when it is no whole number, or missing where nothing else will do.
        """
        value = self._value(names)
        if value is None:
            value = otherwise
        if value is None:
            hint = "give the `config.json` as it stands beside the model's weights"
            raise SpecError(f"`{self.origin}` does not say `{names[0]}` of the model", hint=hint)
        return self._whole(names[0], value)

    def optional(self, *names: str) -> int | None:
        """Give a whole number, or None where there is none; SpecError as of `number`."""
        value = self._value(names)
        return None if value is None else self._whole(names[0], value)

    def flag(self, *names: str, otherwise: bool = False) -> bool:
        """Give a yes or no, or `otherwise`; SpecError when it is neither."""
        value = self._value(names)
        if value is None:
            return otherwise
        if not isinstance(value, bool):
            raise SpecError(f"`{names[0]}` of `{self.origin}` is `{value}`, but should be true or false")
        return value

    def words(self, *names: str) -> tuple[str, ...]:
        """Give a list of words, such as the kinds of the layers; empty where there is none."""
        value = self._value(names)
        return tuple(map(str, value)) if isinstance(value, list | tuple) else ()

    def numbers(self, *names: str) -> tuple[int, ...]:
        """Give a list of whole numbers; empty where there is none."""
        value = self._value(names)
        return tuple(self._whole(names[0], one) for one in value) if isinstance(value, list | tuple) else ()

    def word(self, *names: str) -> str:
        """Give a word, or an empty one."""
        value = self._value(names)
        return value if isinstance(value, str) else ""

    def part(self, name: str) -> Keys:
        """Give the keys that are nested under `name`; none where there is nothing."""
        value = self._value((name,))
        return Keys(f"{self.origin}, {name}", self.model_type, value if isinstance(value, Mapping) else {}, {})

    def _value(self, names: tuple[str, ...]) -> object:
        for name in names:
            if self.said.get(name) is not None:
                return self.said[name]
        if any(name in self.said for name in names):
            return None
        return next((self.defaults[name] for name in names if self.defaults.get(name) is not None), None)

    def _whole(self, name: str, value: object) -> int:
        number = int(value) if isinstance(value, float) and value.is_integer() else value
        if isinstance(number, bool) or not isinstance(number, int) or number < (name in _AT_LEAST_ONE):
            raise SpecError(f"`{name}` of `{self.origin}` is `{value}`, but should be a whole number{_from(name)}")
        if number > _LARGEST:
            raise SpecError(f"`{name}` of `{self.origin}` is larger than {_LARGEST:,}: no model has that")
        return number


def _from(name: str) -> str:
    return " from 1" if name in _AT_LEAST_ONE else ""


_EITHER = frozenset(
    {
        *("fast_vlm", "glm4v", "glm4v_moe", "glm_ocr", "hunyuan_vl", "llava", "llava_next_video", "llava_onevision"),
        *("minimax_m3_vl", "paddleocr_vl", "qwen2_5_vl", "qwen2_vl", "shieldgemma2", "video_llama_3"),
    }
)
"""Models whose head is tied when the outer or the text configuration says so (transformers 5.23.0)."""

_INNER = frozenset({"llama4"})
"""Models whose head is tied as the text configuration says, whatever the outer says (transformers 5.23.0)."""


def keys_of(config: ModelConfig) -> Keys:
    """Take the language model's keys.

    A text configuration inside a multimodal one leaves out what equals its class's defaults, sizes too; a whole one
    never does (transformers 5.23.0, `to_diff_dict`). The head is tied as the outer configuration says, for most.
    """
    said = dict(config.text)
    defaults = defaults_of(config.model_type)
    if config.raw is config.text or config.raw == config.text:
        defaults = {name: value for name, value in defaults.items() if name not in _SIZES}
    elif (tied := _tied_outside(config)) is not None:
        said["tie_word_embeddings"] = tied
    return Keys(config.origin, config.model_type, said, defaults)


def _tied_outside(config: ModelConfig) -> object:
    outer = config.raw.get("model_type")
    said = config.raw.get("tie_word_embeddings")
    if outer in _INNER or (outer in _EITHER and config.text.get("tie_word_embeddings") is True):
        return None
    return said
