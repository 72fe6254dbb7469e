"""What keeps a device's data safe: copies in one file, brought back; the trail verified."""
