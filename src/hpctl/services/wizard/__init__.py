"""Wizards: questions as data, and one engine that walks them, whoever asks."""
