"""The microscope's camera, opened once for the whole server, and what it sees."""
