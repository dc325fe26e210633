"""The two fronts of the wizards: prompts in a terminal, and flags."""
