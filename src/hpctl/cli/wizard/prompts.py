"""Questions in a terminal, with questionary; it is imported when the first one is asked."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from hpctl.cli.wizard.choices import OTHER, rows
from hpctl.cli.wizard.keys import free_to_move, keys_of_text, leave_with_escape
from hpctl.render.looking import looking
from hpctl.render.notices import say
from hpctl.render.terminal import Terminal
from hpctl.render.wrap import wrapped
from hpctl.services.wizard.interview import Move
from hpctl.services.wizard.prepare import Prepared
from hpctl.services.wizard.question import KEPT, Answers, Objection, Option

if TYPE_CHECKING:
    from questionary import Question

_MANY: Final = 9
"""Options from which on what is typed filters them: all others are seen at once."""

Look = Callable[[Answers], None]
"""Shows what the checks say of all answers."""


@dataclass(frozen=True)
class Prompts:
    """The front that asks a person; everything is written to stderr."""

    terminal: Terminal
    look: Look
    file: str = "file"

    def ask(self, question: Prepared) -> tuple[str, ...] | Move:
        """Ask with a list where there is something to choose, else for a line of text."""
        if question.note:
            self.tell(question.note)
        while True:
            said = self._choose(question) if question.options else self._type(question)
            if said == (OTHER,):
                said = self._type(replace(question, default=()))
                if said is Move.BACK:  # to the list
                    continue
            if not isinstance(said, Move):
                self.tell(f"{question.text} {', '.join(said)}")
            return said

    def keep(self, objections: tuple[Objection, ...]) -> bool:
        """Tell what failed, and ask whether the answer stays."""
        for one in objections:
            self.tell(f"this fails: {one} ({one.check_id})")
        options = (Option("no", "answer again"), Option("yes", "keep it, and let the check be"))
        return self._pick("Keep it all the same?", options, "no") == "yes"

    def review(self, answers: Answers) -> str | Move:
        """Show the answers and what the checks say of them, and ask what is to be done."""
        self.tell("\nYour answers:")
        for name, values in answers.items():
            if name != KEPT:
                say(f"  {name}: {', '.join(values)}", self.terminal)
        self.look(answers)
        while True:
            options = (
                Option("write", f"write {' '.join(answers[self.file])}"),
                Option("change", "change an answer"),
                Option("back", "back to the last question"),
            )
            said = self._pick("What now?", options, "write")
            if said != "change":
                return Move.WRITE if said == "write" else Move.BACK
            given = tuple(Option(name, ", ".join(value)) for name, value in answers.items() if name != KEPT)
            chosen = self._pick("Which answer?", given, given[0].value)
            if chosen is not None:
                return chosen

    def tell(self, text: str) -> None:
        """Write a remark, in lines that fit."""
        for line in text.split("\n"):
            say("\n".join(wrapped(line, self.terminal.width)) if line else "", self.terminal)

    def looking(self, text: str) -> AbstractContextManager[None]:
        """Show what is waited for."""
        return looking(text, self.terminal)

    def confirm(self, question: str) -> bool:
        """Ask for yes or no, yes first; back is no."""
        return self._pick(question, (Option("yes"), Option("no")), "yes") == "yes"

    def _pick(self, text: str, options: tuple[Option, ...], default: str) -> str | None:
        """Return one of a few options that all can be chosen, None for back."""
        said = self._choose(Prepared("", text, "", options, (default,), (0, 0), closed=True))
        return None if isinstance(said, Move) else said[0]

    def _choose(self, question: Prepared) -> tuple[str, ...] | Move:
        import questionary

        choices = rows(question, self.terminal.width)
        searched = len(choices) > _MANY
        how = "type to filter, " if searched else ""
        kwargs: dict[str, Any] = {"use_search_filter": searched, "use_jk_keys": not searched, **self._screen()}
        standing = next((one for one in choices if one.value in question.default and not one.disabled), None)
        if question.several:
            for one in choices:
                one.checked = not one.disabled and one.value in question.default
            kwargs |= {"instruction": self._help(question, f"(space marks, {how}Esc: back)"), "validate": _marked}
            return _answered(questionary.checkbox(question.text, choices, initial_choice=standing, **kwargs))
        kwargs["instruction"] = self._help(question, f"(arrows, {how}Esc: back)")
        return _answered(questionary.select(question.text, choices, default=standing, **kwargs))

    def _help(self, question: Prepared, keys: str) -> str:
        """Return what stands beside and below a question while it is asked."""
        here, all_of_them = question.place
        if not question.help:
            return keys
        lines = wrapped(f"[{here}/{all_of_them}] {question.help}", self.terminal.width - 2)
        beside = len(f"? {question.text} {keys}") < self.terminal.width
        return "\n".join((*((keys,) if beside else ("", f"  {keys}")), *(f"  {line}" for line in lines)))

    def _type(self, question: Prepared) -> tuple[str, ...] | Move:
        import questionary

        how = "(several with spaces, Esc: back)" if question.several else "(Esc: back)"
        prompt = questionary.text(
            f"{question.text} {self._help(question, how)}\n ",
            qmark="?",
            default=" ".join(question.default),
            key_bindings=keys_of_text(),
            **self._screen(),
        )
        said = _said(prompt)
        if isinstance(said, Move):
            return said
        text = str(said).strip()
        return tuple(text.split()) if question.several else (text,)

    def _screen(self) -> dict[str, Any]:
        """Where prompts are drawn, and in which colours."""
        from prompt_toolkit.output import ColorDepth
        from prompt_toolkit.output.defaults import create_output

        depth = None if self.terminal.colour_stderr else ColorDepth.DEPTH_1_BIT
        return {"output": create_output(self.terminal.stderr), "color_depth": depth, "erase_when_done": True}


def _answered(prompt: Question) -> tuple[str, ...] | Move:
    leave_with_escape(prompt.application)
    free_to_move(prompt.application)
    said = _said(prompt)
    if isinstance(said, Move):
        return said
    chosen = tuple(said) if isinstance(said, list) else (str(said),)
    return (OTHER,) if OTHER in chosen else chosen


def _said(prompt: Question) -> object:
    """Return what was answered; the end of input is leaving, as Ctrl-C is."""
    try:
        return prompt.unsafe_ask()
    except EOFError as end:
        raise KeyboardInterrupt from end


def _marked(chosen: list[str]) -> bool | str:
    return bool(chosen) or "mark at least one with the space bar"
