"""Between devices and their laboratory's server: signed records are sent, and received."""
