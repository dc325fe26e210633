"""Keys of the prompts that questionary does not know: Escape goes back, and arrows pass over what cannot be chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hpctl.services.wizard.interview import Move

if TYPE_CHECKING:
    from prompt_toolkit.application import Application
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent


def keys_of_text() -> KeyBindings:
    """Return the keys of a line of text."""
    from prompt_toolkit.key_binding import KeyBindings

    keys = KeyBindings()
    _add_escape(keys)
    return keys


def leave_with_escape(application: Application[Any]) -> None:
    """Let Escape go back in a list."""
    _add_escape(_keys_of(application))


def free_to_move(application: Application[Any]) -> None:
    """Let the arrows move among what the filter leaves.

    questionary 2.1.1 looks up whether an option can be chosen in the list without the filter, and where none can be it
    looks for one for ever.
    """
    from prompt_toolkit.keys import Keys
    from questionary.prompts.common import InquirerControl

    control = next(one for one in application.layout.find_all_controls() if isinstance(one, InquirerControl))
    keys = _keys_of(application)

    def move(step: int) -> None:
        rows = control.filtered_choices
        for _row in rows:
            control.pointed_at = (control.pointed_at + step) % len(rows)
            if not rows[control.pointed_at].disabled:
                return

    @keys.add(Keys.Down, eager=True)
    def _down(_event: KeyPressEvent) -> None:
        move(1)

    @keys.add(Keys.Up, eager=True)
    def _up(_event: KeyPressEvent) -> None:
        move(-1)


def _add_escape(keys: KeyBindings) -> None:
    from prompt_toolkit.keys import Keys

    @keys.add(Keys.Escape, eager=True)
    def _back(event: KeyPressEvent) -> None:
        event.app.exit(result=Move.BACK)


def _keys_of(application: Application[Any]) -> KeyBindings:
    from prompt_toolkit.key_binding import KeyBindings

    keys = application.key_bindings
    if not isinstance(keys, KeyBindings):
        message = "questionary's lists have key bindings of their own"
        raise TypeError(message)
    return keys
