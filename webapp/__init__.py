"""Pages and a REST API over `runtime`, served on this computer alone."""

__version__ = "0.1.0"  # that of pyproject.toml: the checkout is run without being installed
DEVICE = f"HematoVision {__version__}"  # what records call the program
