"""How fast and how large: the runtime measured on the machine at hand, kept, and shown.

    python -m benchmarks run       measures, and appends a row per stage to results.jsonl
    python -m benchmarks report    shows the newest run, and draws all of them
    python -m benchmarks compare   times the same network in other engines

Each variant and thread count is measured in processes of its own, so that imports, caches and
peak memory belong to nobody else. Speeds compare within one run; across machines and days they
compare as a ratio to the reference kernel (`reference.py`).
"""
