"""Codes that hospital systems know, in the one place where they are reviewed.

LOINC: terms without a method, of blood, per 100 leukocytes, as in the "Blood" value sets of HL7's
mCODE guide; 24318-8 is their panel. This material contains content from LOINC (http://loinc.org),
which is copyright Regenstrief Institute, Inc. and the LOINC Committee, and available at no cost
under the license at http://loinc.org/license. LOINC is a registered United States trademark of
Regenstrief Institute, Inc.
"""

from collections.abc import Container
from dataclasses import dataclass
from typing import Final

from webapp.record import Status

LOINC: Final = "http://loinc.org"
UCUM: Final = "http://unitsofmeasure.org"
CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/v2-0074"
ABSENT: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
# Ours: ids of classes, parts of an observation, and what a resource may be used for.
CLASSES: Final = "urn:hematovision:cell-class"
PARTS: Final = "urn:hematovision:observation-part"
USE: Final = "urn:hematovision:use"
SLIDES: Final = "urn:hematovision:slide"
SHA256: Final = "urn:hematovision:sha256"

# A status of DiagnosticReport and of Observation, the same words in both.
STATUS: Final[dict[Status, str]] = {
    "open": "preliminary",
    "signed": "final",
    "amended": "amended",
}


@dataclass(frozen=True)
class Code:
    """A code of a system and the words that the system has for it."""

    code: str
    display: str


@dataclass(frozen=True)
class Unit:
    """A unit as people read it and as UCUM codes it."""

    unit: str
    code: str


PERCENT: Final = Unit("%", "%")
PER_100_WBC: Final = Unit("/100 WBC", "/100{WBCs}")

PANEL: Final = Code("24318-8", "Manual Differential panel - Blood")
HEMATOLOGY: Final = Code("HM", "Hematology")
NOT_A_NUMBER: Final = Code("not-a-number", "Not a Number (NaN)")
NO_LIMIT: Final = Code("positive-infinity", "Positive Infinity (PINF)")

_PER_100 = "/100 leukocytes in Blood"
WHITE: Final = {
    "atypical_lymphocyte": Code("13046-8", f"Variant lymphocytes{_PER_100}"),
    "band_neutrophil": Code("26508-2", f"Band form neutrophils{_PER_100}"),
    "basophil": Code("30180-4", f"Basophils{_PER_100}"),
    "blast": Code("26446-5", f"Blasts{_PER_100}"),
    "eosinophil": Code("26450-7", f"Eosinophils{_PER_100}"),
    "ig": Code("38518-7", f"Immature granulocytes{_PER_100}"),
    "lymphocyte": Code("26478-8", f"Lymphocytes{_PER_100}"),
    "metamyelocyte": Code("28541-1", f"Metamyelocytes{_PER_100}"),
    "monocyte": Code("26485-3", f"Monocytes{_PER_100}"),
    "myelocyte": Code("26498-6", f"Myelocytes{_PER_100}"),
    "neutrophil": Code("26511-6", f"Neutrophils{_PER_100}"),
    "plasma_cell": Code("13047-6", f"Plasma cells{_PER_100}"),
    "promyelocyte": Code("26524-9", f"Promyelocytes{_PER_100}"),
    "segmented_neutrophil": Code("26505-8", f"Segmented neutrophils{_PER_100}"),
}
BESIDE: Final = {
    "erythroblast": Code("19048-8", "Nucleated erythrocytes/100 leukocytes [Ratio] in Blood"),
    "smudge_cell": Code("34992-8", f"Smudge cells{_PER_100}"),
}

# A class whose parts are counted beside it is what is left of it, and no longer the whole.
_PARTS_OF = {
    "ig": frozenset({"promyelocyte", "myelocyte", "metamyelocyte"}),
    "neutrophil": frozenset({"band_neutrophil", "segmented_neutrophil"}),
}


def code_of(class_id: str, counted: Container[str]) -> Code | None:
    """Give the LOINC term of a class, None where none says exactly what was counted.

    Args:
        class_id: id of the class.
        counted: ids of all classes of the differential. Beside bands the class `neutrophil` holds
            the segmented ones alone, and the term for all neutrophils would be wrong.
    """
    if not any(part in counted for part in _PARTS_OF.get(class_id, ())):
        return WHITE.get(class_id) or BESIDE.get(class_id)
    if class_id == "neutrophil" and "segmented_neutrophil" not in counted:
        return WHITE["segmented_neutrophil"]
    return None
