"""Use cases of models: identify, judge support, size and fit."""
