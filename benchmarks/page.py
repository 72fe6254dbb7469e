"""The report as one HTML file that needs nothing beside it and asks no other host for anything."""

from collections.abc import Sequence
from html import escape

from benchmarks.history import all_runs, history
from benchmarks.report import facts, failures, runs, tables
from benchmarks.rows import Row

STYLE = """
:root { color-scheme: light dark; --ground: #fbf9fc; --panel: #fff; --ink: #1f2430;
  --soft: #626a79; --line: #e4e0ea; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #15131b; --panel: #1f1c28; --ink: #eeebf4; --soft: #a9a3b8; --line: #37323f; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 74rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.05rem; margin: 2.25rem 0 0.75rem; }
p { color: var(--soft); margin: 0.25rem 0 1.25rem; max-width: 60rem; }
figure, .table { margin: 0; padding: 1rem; background: var(--panel); border-radius: 12px;
  border: 1px solid var(--line); overflow-x: auto; }
svg { display: block; width: 100%; min-width: 44rem; height: auto; color: var(--ink); }
svg text { font-family: system-ui, sans-serif !important; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1rem; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-size: 0.87rem;
  font-variant-numeric: tabular-nums; }
caption { caption-side: top; text-align: left; color: var(--soft); padding-bottom: 0.5rem; }
th, td { padding: 0.3rem 0.7rem; text-align: right; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 500; }
th:first-child, td:first-child { text-align: left; }
tr:last-child td { border-bottom: 0; }
.table + .table { margin-top: 1rem; }
"""
LEAD = """Times depend on the machine and on the day; below them, the same times as multiples of a
fixed kernel that was timed in the same minute compare across both. Whiskers go from the median to
the 90th percentile. A point tells its figures when the pointer rests on it."""
# Names come from a file that anyone may have written: the browser is told to load nothing at all.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


NO_CHART = "It could not be drawn where this page was written: matplotlib was missing."


def page(rows: Sequence[Row], chart: str | None) -> str:
    """Write the page.

    Args:
        rows: of all runs, at least one.
        chart: the history as an `svg` element; None where it cannot be drawn.
    """
    newest = runs(rows)[-1]
    told = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts(newest)
    )
    shown = "".join(f'<div class="table">{table.html()}</div>' for table in tables(newest))
    failed = "".join(f"<li>{escape(failure)}</li>" for failure in failures(newest))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>HematoVision benchmarks</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>Latency over time</h1>
<p>{LEAD}</p>
<figure>{chart or f"<figcaption>{NO_CHART}</figcaption>"}</figure>
<h2>Newest run</h2>
<div class="table"><dl>{told}</dl></div>
{shown}
{f"<h2>Failed</h2><ul>{failed}</ul>" if failed else ""}
<h2>Every run</h2>
<div class="table">{all_runs(history(rows)).html()}</div>
</main>
</body>
</html>
"""
