"""The refusal to count, which families raise too, for configurations that are not what their type says."""

from __future__ import annotations

from hpctl.errors import ExitCode, HpctlError
from hpctl.estimate.parameters.keys import Keys


class UnknownModelError(HpctlError):
    """The architecture is not one whose parameters hpctl can count, and no other is taken in its place."""

    code = "unknown_model"
    exit_code = ExitCode.CHECKS_FAILED


def refuse_foreign(keys: Keys, *names: str) -> None:
    """Raise UnknownModelError when one of these keys is said: they are of another architecture under the same type."""
    said = next((name for name in names if keys.said.get(name)), None)
    if said is not None:
        message = f"`{keys.origin}` is of type `{keys.model_type}`, but its `{said}` is of another architecture"
        hint = f"the count of `{keys.model_type}` is not taken in its place, since it would be wrong"
        raise UnknownModelError(f"{message}, whose parameters cannot be counted", hint=hint)
