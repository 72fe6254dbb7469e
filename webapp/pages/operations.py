"""The operations of an OpenAPI document, as a page shows them."""

import json
import shlex
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

Schema = dict[str, Any]
SAMPLE = "cell.png"
FEW = 3  # keys of an object that are told wherever it is met


@dataclass(frozen=True)
class Key:
    """A key of a JSON object: its path, such as `results[].label`, and what it holds."""

    path: str
    kind: str


Places = dict[tuple[Key, ...], str]  # what an object holds to where the page tells it


@dataclass(frozen=True)
class Parameter:
    """A value in the address or the query: name, place, kind, and whether it must be there."""

    name: str
    place: str
    kind: str
    required: bool


@dataclass(frozen=True)
class Answer:
    """A status with what it means; the keys of its JSON, or the type of its picture."""

    status: str
    description: str
    media: str
    keys: list[Key]


@dataclass(frozen=True)
class Operation:
    """A route and a method.

    Attributes:
        id: of its part of the page.
        body: `json`, `picture`, `pictures` or empty.
        field: form field that pictures are sent in.
        example: the JSON that is sent, as text.
        keys: of the JSON that is sent.
        curl: a command that sends it to this server.
    """

    id: str
    method: str
    path: str
    summary: str
    description: str
    needs_name: bool
    parameters: list[Parameter]
    body: str
    body_description: str
    field: str
    example: str
    keys: list[Key]
    answers: list[Answer]
    curl: str


@dataclass(frozen=True)
class Resource:
    """What belongs together under one heading."""

    title: str
    operations: list[Operation]


def resources_of(
    document: dict[str, Any], address: str, shared: Collection[str], has_accounts: bool
) -> list[Resource]:
    """Gather the operations of a document by their first tag.

    Args:
        document: OpenAPI 3.1, as `webapp.api.document` finishes it.
        address: of this server, for the examples.
        shared: codes of errors that are told for all routes together.
        has_accounts: whether a name is that of an account, which the examples sign in as.
    """
    resources = {tag["name"]: Resource(tag["name"], []) for tag in document["tags"]}
    for path, methods in sorted(document["paths"].items()):
        for method, told in methods.items():
            operation = _operation(document, method.upper(), path, told, address, has_accounts)
            resources[told["tags"][0]].operations.append(operation)
    places: Places = {}
    return [
        replace(
            resource,
            operations=[_once(_of_its_own(each, shared), places) for each in resource.operations],
        )
        for resource in resources.values()
        if resource.operations
    ]


def _of_its_own(operation: Operation, shared: Collection[str]) -> Operation:
    """Leave out of the errors what is told for all routes together."""
    names = {f"`{code}`" for code in shared}
    told = [
        replace(
            each, description=", ".join(n for n in each.description.split(", ") if n not in names)
        )
        for each in operation.answers
    ]
    return replace(operation, answers=[each for each in told if each.description])


def _once(operation: Operation, places: Places) -> Operation:
    """Tell each object once on the page: where it is met again, only where it was told."""
    answer, *others = operation.answers
    keys = list(_told_once(answer.keys, f"{operation.method} {operation.path}", places))
    return replace(operation, answers=[replace(answer, keys=keys), *others])


def _told_once(keys: list[Key], route: str, places: Places) -> Iterator[Key]:
    if place := _told_before(keys, "", f"the answer of {route}", places):
        yield Key("*", f"object as {place}")
        return
    left_out: tuple[str, ...] = ()  # how the paths begin of what was told before
    for key in keys:
        if key.path.startswith(left_out):
            continue
        place = _told_before(keys, key.path, f"{key.path} of {route}", places)
        if place:
            left_out += (f"{key.path}.", f"{key.path}[")
        yield replace(key, kind=f"{key.kind} as {place}") if place else key


def _told_before(keys: list[Key], path: str, here: str, places: Places) -> str | None:
    """Say where the object at a path was told; None where it is told here, and note that."""
    inner = _inner(keys, path)
    if len(inner) <= FEW:
        return None
    place = places.setdefault(inner, here)
    return None if place == here else place


def _inner(keys: list[Key], path: str) -> tuple[Key, ...]:
    """Give what lies in the object, or the list, at a path: all keys where it is empty."""
    if not path:
        return tuple(Key(f".{key.path}", key.kind) for key in keys)
    begins = (f"{path}.", f"{path}[")
    return tuple(
        Key(key.path.removeprefix(path), key.kind) for key in keys if key.path.startswith(begins)
    )


def _operation(
    document: dict[str, Any],
    method: str,
    path: str,
    told: dict[str, Any],
    address: str,
    has_accounts: bool,
) -> Operation:
    content = told.get("requestBody", {}).get("content", {})
    sent = content.get("application/json", {})
    field, schema = _form_field(content)
    body = ("pictures" if schema.get("type") == "array" else "picture") if field else ""
    answers = [answer_of(document, *item) for item in told["responses"].items()]
    schemes = {name for each in told.get("security", ()) for name in each}
    needs_token = schemes == {"token"}
    needs_name = bool(schemes) and not needs_token
    example = json.dumps(sent.get("example", {}), ensure_ascii=False) if sent else ""
    header = _header(needs_name, needs_token or (needs_name and has_accounts))
    parameters = [_parameter(document, p) for p in told.get("parameters", [])]
    return Operation(
        id=told["operationId"],
        method=method,
        path=path,
        summary=told["summary"],
        description=told.get("description", ""),
        needs_name=needs_name,
        parameters=parameters,
        body="json" if sent else body,
        body_description=told.get("requestBody", {}).get("description", ""),
        field=field,
        example=example,
        keys=list(_keys(document, sent.get("schema", {}), "")),
        answers=answers,
        curl=_curl(method, address + _filled(path, parameters), header, field, example, answers),
    )


def _form_field(content: dict[str, Any]) -> tuple[str, Schema]:
    """Give the one field of a form of files, and its schema; nothing where there is no form."""
    if "multipart/form-data" not in content:
        return "", {}
    properties: dict[str, Schema] = content["multipart/form-data"]["schema"]["properties"]
    return next(iter(properties.items()))


def _parameter(document: dict[str, Any], told: dict[str, Any]) -> Parameter:
    kind = _kind(document, told.get("schema", {}))
    return Parameter(told["name"], told["in"], kind, told.get("required", False))


def answer_of(document: dict[str, Any], status: str, told: dict[str, Any]) -> Answer:
    """Take what a document tells of a status."""
    contents: dict[str, Any] = told.get("content", {})
    media = next(iter(contents), "")
    schema = contents[media]["schema"] if media and status < "4" else {}
    keys = list(_keys(document, schema, ""))
    return Answer(status, told["description"], media, keys)


def _keys(document: dict[str, Any], schema: Schema, at: str) -> Iterator[Key]:
    """Walk the keys of a schema, into objects and lists, once each."""
    seen = set[str]()
    for variant in _variants(document, schema):
        if "items" in variant:
            yield from _keys(document, variant["items"], f"{at}[]")
        for name, value in variant.get("properties", {}).items():
            path = f"{at}.{name}" if at else name
            if path not in seen:
                seen.add(path)
                yield Key(path, _kind(document, value))
                yield from _keys(document, value, path)
        inner = variant.get("additionalProperties")
        if isinstance(inner, dict):
            yield from _keys(document, inner, f"{at}.*")


def _kind(document: dict[str, Any], schema: Schema) -> str:
    """Say in few words what a value is."""
    kinds = []
    for variant in _variants(document, schema):
        if "const" in variant:
            kinds.append(json.dumps(variant["const"]))
        elif "enum" in variant:
            kinds.extend(json.dumps(value) for value in variant["enum"])
        elif variant.get("type") == "array":
            kinds.append("list")
        else:
            kinds.append(variant.get("type", "any"))
    return " or ".join(dict.fromkeys(kinds))


def _variants(document: dict[str, Any], schema: Schema) -> list[Schema]:
    """Resolve a schema into those that a value may follow."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _variants(document, document["components"]["schemas"][name])
    if "anyOf" in schema:
        return [v for each in schema["anyOf"] for v in _variants(document, each)]
    return [schema] if schema else []


def _header(needs_name: bool, needs_token: bool) -> str:
    if needs_token:
        return "Authorization: Bearer TOKEN"
    return "X-Person: Ada%20Lovelace" if needs_name else ""


def _curl(
    method: str, url: str, header: str, field: str, example: str, answers: list[Answer]
) -> str:
    """Write a command that sends an operation."""
    words = ["curl"]
    if method not in ("GET", "POST") or (method == "POST" and not (field or example)):
        words += ["-X", method]
    if header:
        words += ["-H", header]
    if field:
        words += ["-F", f"{field}=@{SAMPLE}"]
    elif example:
        words += ["-H", "Content-Type: application/json", "-d", example]
    media = answers[0].media
    if media and media != "application/json":
        words += ["-o", f"answer.{media.rpartition('/')[2].rpartition('+')[2]}"]
    return shlex.join([*words, url])


def _filled(path: str, parameters: list[Parameter]) -> str:
    """Fill in what stands in braces: 1 for a number, a text's name in capitals to be replaced."""
    for each in parameters:
        value = "1" if each.kind == "integer" else each.name.upper()
        path = path.replace(f"{{{each.name}}}", value)
    return path
