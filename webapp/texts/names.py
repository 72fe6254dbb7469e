"""Names of classes, of what cells look like and of what the audit holds, for those who translate.

Pages ask for their translations by the name that the bundle, the list of a person's classes, or
the audit holds; one that is not here stays as it is.
"""


def _(name: str) -> str:
    return name


RECORDED = {  # what the audit says was changed: of slides and of the options
    "label": _("Label"),
    "note": _("Note"),
    "target": _("Target"),
    "keep_pictures": _("keep pictures"),
    "retention_days": _("days that pictures are kept"),
    "least_free_mb": _("least free space"),
    "copy_folder": _("folder of copies"),
    "copies_kept": _("copies that are kept"),
    "classes": _("classes"),
}
ROLE_NAMES = {
    "viewer": _("viewer"),
    "technician": _("technician"),
    "reviewer": _("reviewer"),
    "administrator": _("administrator"),
    "device": _("device"),
}
CLASSES = (
    _("Basophil"),
    _("Eosinophil"),
    _("Erythroblast"),
    _("Immature granulocyte"),
    _("Lymphocyte"),
    _("Monocyte"),
    _("Neutrophil"),
    _("Platelet"),
    # Of a person, see `webapp.store.options`.
    _("Blast"),
    _("Band neutrophil"),
    _("Atypical lymphocyte"),
    _("Plasma cell"),
    _("Smudge cell"),
    _("Artefact"),
    _("Other"),
)
ATTRIBUTES = (
    _("Cell size"),
    _("Cell shape"),
    _("Nucleus shape"),
    _("Nuclear-cytoplasmic ratio"),
    _("Chromatin density"),
    _("Vacuoles in the cytoplasm"),
    _("Cytoplasm texture"),
    _("Cytoplasm color"),
    _("Granule type"),
    _("Granule color"),
    _("Granules"),
)
VALUES = (
    _("big"),
    _("small"),
    _("irregular"),
    _("round"),
    _("segmented-bilobed"),
    _("segmented-multilobed"),
    _("unsegmented-band"),
    _("unsegmented-indented"),
    _("unsegmented-round"),
    _("high"),
    _("low"),
    _("densely"),
    _("loosely"),
    _("no"),
    _("yes"),
    _("clear"),
    _("frosted"),
    _("blue"),
    _("light blue"),
    _("purple blue"),
    _("coarse"),
    _("nil"),
    _("pink"),
    _("purple"),
    _("red"),
)
