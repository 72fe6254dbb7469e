"""What keeps a device from being updated."""

from runtime import HematoVisionError


class UpdateError(HematoVisionError):
    """A device is not updated, or not rolled back; the version that ran before runs.

    Codes: `not_installed`, `not_allowed`, `no_package`, `unsigned`, `untrusted`, `damaged`,
    `disk_full`, `older`, `unhealthy`, `no_version`, `no_data`, `not_undone`.
    """
