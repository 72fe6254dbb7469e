"""What the training side reads: data sets in every layout, tables of class names, recipes."""

from pathlib import Path

from export.data.readers import labelled, read_set
from export.data.survey import survey
from export.detector.recipe import load_detector_recipe
from export.evaluation.class_names import match, read_class_names
from export.recipe import load_recipe, task_of
from runtime.bundle import CellClass
from tests.campaigns.fuzz.pictures import encoded
from tests.campaigns.fuzz.target import Target

RECIPES = Path(__file__).parents[3] / "export" / "recipes"
VOC = """<annotation><folder>a</folder><filename>a.jpg</filename>
<size><width>48</width><height>48</height><depth>3</depth></size>
<object><name>WBC</name><bndbox><xmin>4</xmin><ymin>5</ymin><xmax>30</xmax><ymax>31.5</ymax>
</bndbox></object><object><name>lymphocyte</name><bndbox><xmin>1</xmin><ymin>1</ymin>
<xmax>20</xmax><ymax>20</ymax></bndbox></object></annotation>"""
YAML = "path: .\nnames: # ours\n  0: wbc\n  1: 'red cell'\n"
CLASSES = (CellClass("eosinophil", "Eosinophil", "#123456"), CellClass("wbc", "W", "#654321"))

# The file of each layout that is fuzzed, and what it holds; the others stay as they are here.
LAYOUTS: dict[str, dict[str, list[str]]] = {
    "voc": {"Annotations/a.xml": [VOC], "ImageSets/Main/train.txt": ["a\nb\n"]},
    "yolo": {
        "labels/a.txt": ["0 0.5 0.5 0.4 0.3\n1 0.1 0.2 0.1 0.1\n"],
        "data.yaml": [YAML, "names: [wbc, 'red cell']", "names: {0: wbc, 1: b}", "names:\n- a\n"],
    },
    "boxes": {
        "boxes.csv": [
            "file,kind,x0,y0,x1,y1,split,group\nimages/a.jpg,wbc,1,2,30,31,train,p1\n"
            "images/b.jpg,neutrophil,1,2,30,31,val,p2\n",
            "image;name;xmin;ymin;xmax;ymax\nimages/a.jpg;WBC;1;2;30;31\n",
        ],
        "types.csv": ["file,label,split\na,eosinophil,train\n12,monocyte,test\n"],
        "sources.csv": ["file,source\na.jpg,here\n"],
    },
    "labels": {
        "labels.csv": [
            'file\tlabel\tsplit\tgroup\tnucleus\nimages/a.jpg\tEOS\ttrain\tg\t"round"\n',
            '\ufefffile,label\nimages/a.jpg,"Immature granulocyte"\nimages/b.jpg,x\n',
        ]
    },
}


def sets(folder: Path) -> Target:
    """Pascal VOC, YOLO, tables of boxes and of labels, their lists beside them."""
    pictures = [encoded()[kind] for kind in ("JPEG", "progressive JPEG")]
    parts = dict[str, list[bytes]]()
    for layout, files in LAYOUTS.items():
        (folder / layout / "images").mkdir(parents=True)
        for name, picture in zip(("a.jpg", "b.jpg"), pictures, strict=True):
            (folder / layout / "images" / name).write_bytes(picture)
        for name, contents in files.items():
            file = folder / layout / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(contents[0], encoding="utf-8")
            parts[f"{layout}/{name}"] = [content.encode() for content in contents]

    def run(part: str, content: bytes) -> None:
        file = folder / part
        file.write_bytes(content)
        try:
            reading = read_set(folder / part.split("/")[0])
            assert all(fault.strip() for fault in reading.faults)
            survey(labelled(reading))
        finally:
            file.write_bytes(parts[part][0])

    return Target(parts, run)


def tables(folder: Path) -> Target:
    """Tables of class names."""
    file = folder / "classes.csv"

    def run(_: str, content: bytes) -> None:
        file.write_bytes(content)
        match(["eos", "wbc"], CLASSES, read_class_names(file))

    return Target({"table": [b"data,model\nEOS,eosinophil\nX,-\n", b"data;model\nW B C;wbc"]}, run)


def recipes(folder: Path) -> Target:
    """Recipes of both kinds."""
    file = folder / "recipe.toml"

    def run(part: str, content: bytes) -> None:
        file.write_bytes(content)
        task_of(file)
        (load_detector_recipe if part == "detector" else load_recipe)(file)

    shipped = [path.read_bytes() for path in sorted(RECIPES.glob("*.toml"))]
    return Target(
        {
            "classifier": [each for each in shipped if b'"detect"' not in each],
            "detector": [each for each in shipped if b'"detect"' in each],
        },
        run,
    )
