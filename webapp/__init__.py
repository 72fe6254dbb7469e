"""Pages and a REST API over `runtime`, served on this computer alone."""

__version__ = "0.1.0"
