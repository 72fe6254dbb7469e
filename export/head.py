"""The last layer of a classifier: read out of an ONNX file, refitted to a site, put back in."""

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.utils import Extractor
from scipy.optimize import minimize

from export.errors import ExportError
from runtime.judgement import ACTIVATION, FEATURES, LOGITS

Array = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
WEIGHTS, BIAS, PRODUCT = "head.weights", "head.bias", "head.product"
QUANTIZED = ("QuantizeLinear", "DequantizeLinear")
PULL = 0.01  # towards the shipped head, beside home cells that weigh 1 together
CLASS_POWER = 0.5  # rare classes weigh (1 / count) ** this for each cell
BIAS_SHARE = 0.01  # of the pull on weights that acts on biases
FLAT = 0.05  # least spread of a feature, in spreads of all of them
STEPS = 60


@dataclass(frozen=True)
class Head:
    """What turns features into logits.

    Attributes:
        weights: (features, classes) float32.
        bias: (classes,) float32.
    """

    weights: Array
    bias: Array

    def __call__(self, features: Array) -> Array:
        """Turn (n, features) into logits, (n, classes) float32."""
        return np.asarray(features @ self.weights + self.bias, np.float32)


@dataclass(frozen=True)
class Cells:
    """Features of cells and their class numbers.

    Attributes:
        features: (n, views, features) float32; the first view is what serving sees.
        labels: (n,) int64.
    """

    features: Array
    labels: Labels
    served: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Give what serving sees a name."""
        object.__setattr__(self, "served", self.features[:, 0])

    def part(self, places: Labels) -> "Cells":
        """Pick cells by number."""
        return Cells(self.features[places], self.labels[places])


def read_head(network: onnx.ModelProto) -> Head:
    """Read the last layer of an fp32 network.

    Raises:
        ExportError: it has no output `features` from which the logits alone are computed.
    """
    try:
        layer = Extractor(network).extract_model([FEATURES], [LOGITS])
        width = layer.graph.input[0].type.tensor_type.shape.dim[1].dim_value
        asked = np.concatenate([np.zeros((1, width)), np.eye(width)]).astype(np.float32)
        (found,) = ReferenceEvaluator(layer).run(None, {FEATURES: asked})
    except (ValueError, KeyError, IndexError, RuntimeError) as error:
        raise ExportError(
            "export",
            f"the network gives no features that its head could be fitted to ({error}): convert "
            "and publish it anew",
        ) from error
    return Head(np.asarray(found[1:] - found[0], np.float32), np.asarray(found[0], np.float32))


def fit(shipped: Head, site: Cells, home: Cells, hold: float) -> Head:
    """Move a head towards a site's cells, as far as they pull it away from the shipped one.

    Least mean negative log-likelihood of the site's cells, all views of a cell counting as one,
    plus `hold` times that of home cells and `PULL` / 2 of the squared distance from the shipped
    head, in units of a feature's spread at home (a Gaussian prior around the shipped head, as
    Chelba and Acero 2006, doi 10.1016/j.csl.2005.05.005). Logits of classes that the site does
    not have stay as they are.

    Args:
        shipped: where to start, and what to shrink towards.
        site: cells to adapt to.
        home: cells that must not be forgotten.
        hold: how much home counts against the site, above 0.
    """
    count, views, width = site.features.shape
    rows = np.concatenate([site.features.reshape(count * views, width), home.served])
    labels = np.concatenate([np.repeat(site.labels, views), home.labels])
    rarity = np.bincount(site.labels, minlength=len(shipped.bias))[site.labels] ** -CLASS_POWER
    weight = np.concatenate(
        [
            np.repeat(rarity / rarity.sum() / views, views),
            np.full(len(home.labels), hold / len(home.labels)),
        ]
    ).astype(np.float32)[:, None]
    middle = home.served.mean(axis=0)
    spread = home.served.std(axis=0) + FLAT * home.served.std() + 1e-6
    scaled = (rows - middle) / spread
    fixed = shipped(rows)
    truth = np.eye(len(shipped.bias), dtype=np.float32)[labels]
    free = np.unique(site.labels)
    pull = np.full((width + 1, 1), hold * PULL)
    pull[-1] *= BIAS_SHARE

    def cost(flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        change = flat.reshape(width + 1, len(free))
        logits = fixed.copy()
        logits[:, free] += scaled @ change[:-1].astype(np.float32) + change[-1].astype(np.float32)
        logits -= logits.max(axis=1, keepdims=True)
        raised = np.exp(logits)
        total = raised.sum(axis=1, keepdims=True)
        likelihood = (truth * logits).sum(axis=1, keepdims=True) - np.log(total)
        slope = (weight * (raised / total - truth))[:, free]
        gradient = np.vstack([scaled.T @ slope, slope.sum(axis=0)]) + pull * change
        penalty = 0.5 * float((pull * change**2).sum())
        return penalty - float((weight * likelihood).sum()), gradient.ravel()

    start = np.zeros((width + 1) * len(free))
    found = minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    change = found.x.reshape(width + 1, len(free))
    weights, bias = shipped.weights.astype(np.float64), shipped.bias.astype(np.float64)
    step = change[:-1] / spread[:, None]
    weights[:, free] += step
    bias[free] += change[-1] - middle @ step
    return Head(weights.astype(np.float32), bias.astype(np.float32))


def put_head(network: onnx.ModelProto, head: Head) -> onnx.ModelProto:
    """Give a network another last layer, in float, for its logits and its activation map alike.

    Args:
        network: fp32 or int8, with the outputs `features` and `logits`, perhaps `activation`.
        head: what to put in.

    Returns:
        A network of its own; what only the older head needed is gone.

    Raises:
        ExportError: its activation map is not computed as its logits are.
    """
    changed = onnx.ModelProto()
    changed.CopyFrom(network)
    graph = changed.graph
    outputs = {o.name for o in graph.output}
    gemm = helper.make_node("Gemm", [FEATURES, WEIGHTS, BIAS], [LOGITS], name="head")
    layers = {LOGITS: [gemm], PRODUCT: []}
    if ACTIVATION in outputs:
        layers[ACTIVATION] = [
            helper.make_node("MatMul", [_places(graph), WEIGHTS], [PRODUCT], name="head.places"),
            helper.make_node("Add", [PRODUCT, BIAS], [ACTIVATION], name="head.map"),
        ]
    together = [n for node in graph.node for n in layers.get(node.output[0], [node])]
    constants = [i for i in graph.initializer if i.name not in (WEIGHTS, BIAS)]
    constants += [
        numpy_helper.from_array(head.weights, WEIGHTS),
        numpy_helper.from_array(head.bias, BIAS),
    ]
    needed, nodes = set(outputs), list[onnx.NodeProto]()
    for node in reversed(together):  # sorted: a node comes after those that it needs
        if needed & set(node.output):
            needed.update(node.input)
            nodes.insert(0, node)
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(i for i in constants if i.name in needed)
    known = {o for n in nodes for o in n.output}
    told = [v for v in graph.value_info if v.name in known]
    del graph.value_info[:]
    graph.value_info.extend(told)
    onnx.checker.check_model(changed)
    return changed


def _places(graph: onnx.GraphProto) -> str:
    """Find what the activation map is computed of: the last layer before it is pooled."""
    made = {o: n for n in graph.node for o in n.output}
    node = _before(ACTIVATION, made, ("Add", "Reshape", *QUANTIZED), "MatMul")
    source = made.get(node.input[0])
    while source is not None and source.op_type in ("Reshape", *QUANTIZED):
        if source.op_type == "Reshape":
            return source.input[0]
        source = made.get(source.input[0])
    return node.input[0]


def _before(
    name: str, made: dict[str, onnx.NodeProto], passed: Collection[str], wanted: str
) -> onnx.NodeProto:
    """Walk back from a tensor to the node of the kind that is wanted."""
    node = made.get(name)
    while node is not None and node.op_type in passed:
        node = made.get(node.input[0])
    if node is None or node.op_type != wanted:
        raise ExportError(
            "export",
            "the network's activation map is not computed as its logits are: convert and publish "
            "it anew",
        )
    return node
