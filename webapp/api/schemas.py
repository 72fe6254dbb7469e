"""The shapes of requests and answers, for the document and for checking what comes in.

What `runtime` answers is described by its own dataclasses, so that no shape is written twice.
"""

import dataclasses
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, RootModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

from runtime.answers import PART, UNTOLD, ClassifyDocument, ModelId, Problem
from runtime.bundle import CellClass, Variant
from runtime.differential import Together
from runtime.field_answers import AnalyzeDocument
from webapp.store.accounts import Role
from webapp.store.words import LONGEST_NAME, person_name


class _ToldSchema(GenerateJsonSchema):
    """Describes dataclasses as `runtime.answers.to_json` writes them."""

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        """Leave out what enters no JSON; all else is always there, but for parts."""
        described = super().dataclass_schema(schema)
        described.pop("description", None)  # a docstring is for those who read the code
        properties = described["properties"]
        always = dict.fromkeys(properties)
        for each in dataclasses.fields(schema["cls"]):
            if UNTOLD in each.metadata:
                del properties[each.name], always[each.name]
            elif PART in each.metadata:
                properties[each.name] = self._part(properties[each.name], each.metadata[PART])
                del always[each.name]
        return {**described, "required": list(always)}

    def _part(self, optional: JsonSchemaValue, left_out: tuple[str, ...]) -> JsonSchemaValue:
        """Describe what stands in another object without some of its keys, or is not there."""
        whole = self.resolve_ref_schema(optional["anyOf"][0])
        properties = {k: v for k, v in whole["properties"].items() if k not in left_out}
        required = [key for key in whole["required"] if key not in left_out]
        return {"type": "object", "properties": properties, "required": required}


PersonName = Annotated[
    str, Field(min_length=1, max_length=LONGEST_NAME), AfterValidator(person_name)
]


class Request(BaseModel):
    """The base of what is asked: a key that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class Body(Request):
    """The base of a JSON body: neither `false` nor `"1"` is a number there."""

    model_config = ConfigDict(strict=True)


class Answer(BaseModel):
    """The base of what is answered: each key is always there."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    @classmethod
    def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
        """Describe what `to_json` writes, whatever the extension asks for."""
        mode: JsonSchemaMode = "serialization"
        return super().model_json_schema(
            *args, **{**options, "schema_generator": _ToldSchema, "mode": mode}
        )


class ClassifyAnswer(Answer, RootModel[ClassifyDocument]):
    """What the network says of pictures of single cells."""


class AnalyzeAnswer(Answer, RootModel[AnalyzeDocument]):
    """What was found in fields."""


CellCount = Annotated[int, Field(ge=0, le=1_000_000)]


class FoundField(Body):
    """The white cells of a field."""

    classes: dict[str, CellCount] = Field(max_length=100, description="class id to its white cells")
    nrbc: CellCount = Field(0, description="nucleated red cells")
    unclassified: CellCount = Field(0, description="white cells of no class")


class FoundFields(Body):
    """Fields that were analyzed one at a time."""

    fields: list[FoundField] = Field(max_length=10_000)


class TogetherAnswer(Answer, RootModel[Together]):
    """The differential of fields that were analyzed one at a time."""


class HealthAnswer(Answer):
    """Whether the device can answer, with which networks, and if not why.

    `installed` names the version as its installer has: of one program there may be several, with
    other bundles. In a checkout it is null. `error` is the first of `errors`.
    """

    status: Literal["ok", "degraded"]
    version: str
    installed: str | None
    model: ModelId | None
    detector: ModelId | None
    uptime_s: float
    error: Problem | None
    errors: list[Problem]


class ListedBundle(Answer):
    """A bundle of this device."""

    folder: str
    name: str
    version: str
    task: Literal["classify", "detect"]
    default: bool
    default_variant: str
    variants: list[Variant]
    classes: list[CellClass]
    metrics: dict[str, Any] | None
    answering: bool


class BrokenBundle(Answer):
    """A folder whose bundle cannot be used, and why."""

    folder: str
    error: Problem


class ModelsAnswer(Answer):
    """The bundles of this device."""

    models: list[ListedBundle | BrokenBundle]


class PersonRequest(Body):
    """Who is at the device."""

    name: PersonName


class SessionAnswer(Answer):
    """Who has signed in."""

    name: str | None
    role: Role | None
    csrf: str | None


class PersonAnswer(Answer):
    """Who is at the device; null where nobody has said."""

    name: str | None


class ErrorDetail(Answer):
    """What went wrong: a stable code, a sentence for a person, the number in the log."""

    code: str
    message: str
    request_id: str


class Error(Answer):
    """The one shape of errors."""

    error: ErrorDetail
