"""What the training side refuses."""

from runtime.errors import HematoVisionError


class RecipeError(HematoVisionError, ValueError):
    """A recipe has an unknown, missing or impossible value."""


class DatasetError(HematoVisionError, ValueError):
    """A data set cannot be trained or measured on as it is."""


class ExportError(HematoVisionError, RuntimeError):
    """A converted network differs from its origin by more than the recipe allows."""
