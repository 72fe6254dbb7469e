"""What the store refuses."""

from runtime.errors import HematoVisionError


class StoreError(HematoVisionError, ValueError):
    """Something cannot be written or found as it was asked for; nothing was changed.

    Codes: `not_found`; `changed` where another write came between; `no_person`, `no_reason`,
    `bad_request` where a value is missing or out of its limits; `signed`, `not_signed`,
    `not_seen`, `unidentified`, `nothing_to_undo`, `no_cells` where the slide's state forbids it;
    `name_taken`, `weak_password`, `no_administrator`, `last_administrator` of accounts;
    `busy`, `disk_full`, `unwritable`, `database_newer`, `database_damaged` of the disk;
    `unreachable` where a server of the database is not there, or does not let us in.
    """
