"""Pages and a REST API over `runtime`, served on this computer alone."""

__version__ = "0.1.0"  # pyproject.toml reads it here, as all do
DEVICE = f"HematoVision {__version__}"  # what records call the program
