"""The machine's description: what the system tells, and None where it does not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.machine import commit, hardest, machine, peak_rss_mib, versions
from runtime import HematoVisionError


def system(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_a_raspberry_pi_tells_governor_heat_and_throttling(tmp_path: Path) -> None:
    told = machine(
        system(
            tmp_path,
            {
                "proc/cpuinfo": "processor\t: 0\nCPU part\t: 0xd08\n",
                "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
                "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "ondemand\n",
                "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
                "sys/class/thermal/thermal_zone0/temp": "61322\n",
                "sys/devices/platform/soc/soc:firmware/get_throttled": "50001\n",
            },
        )
    )
    assert told["cpu"] == "Raspberry Pi 4 Model B Rev 1.4"
    assert told["governor"] == "ondemand"
    assert told["temperature_c"] == 61.322
    assert told["throttled"] == {
        "now": ["under_voltage"],
        "since_boot": ["under_voltage", "throttled"],
    }


def test_a_pc_tells_its_processor_and_its_hottest_zone(tmp_path: Path) -> None:
    told = machine(
        system(
            tmp_path,
            {
                "proc/cpuinfo": "processor\t: 0\nmodel name\t: Abacus(R) 3\n",
                "sys/class/thermal/thermal_zone0/type": "acpitz\n",
                "sys/class/thermal/thermal_zone0/temp": "99000\n",
                "sys/class/thermal/thermal_zone1/type": "x86_pkg_temp\n",
                "sys/class/thermal/thermal_zone1/temp": "48000\n",
                "sys/devices/system/cpu/cpu0/thermal_throttle/package_throttle_count": "3\n",
            },
        )
    )
    assert told["cpu"] == "Abacus(R) 3"
    assert told["temperature_c"] == 48
    assert told["throttled"] == {"now": None, "since_boot": ["throttled"]}


def test_what_the_system_does_not_tell_is_none(tmp_path: Path) -> None:
    told = machine(tmp_path)
    assert (told["governor"], told["temperature_c"], told["throttled"]) == (None, None, None)
    assert told["memory_mib"] > 0
    json.dumps(machine())


def test_peak_memory_is_that_of_the_process(tmp_path: Path) -> None:
    assert peak_rss_mib(system(tmp_path, {"proc/self/status": "VmHWM:\t   2048 kB\n"})) == 2
    assert peak_rss_mib() > 1
    assert peak_rss_mib(tmp_path / "other") > 1


def test_a_missing_package_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    with pytest.raises(HematoVisionError, match=r"psutil is not installed: install requirements/"):
        machine(tmp_path)


def test_versions_are_named() -> None:
    assert all(versions().values())


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for key in ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL"):
        monkeypatch.setenv(f"GIT_{key}", "a@example.org")
    files = {"engine.py": "1", "benchmarks/results.jsonl": ""}
    root = system(tmp_path / "checkout", files)
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run(["git", "-C", root, *command], check=True)  # noqa: S607
    return root


def test_a_commit_is_marked_when_files_differ(checkout: Path) -> None:
    clean = commit(checkout)
    assert clean is not None
    assert len(clean) == 40
    (checkout / "benchmarks/results.jsonl").write_text("{}\n")
    (checkout / "notes.txt").write_text("not tracked")
    assert commit(checkout) == clean
    (checkout / "engine.py").write_text("2")
    assert commit(checkout) == f"{clean}-dirty"


def test_there_is_no_commit_outside_a_checkout_of_our_own(checkout: Path, tmp_path: Path) -> None:
    assert commit(checkout / "benchmarks") is None
    assert commit(tmp_path) is None


def test_the_worst_of_several_states_is_kept() -> None:
    def state(celsius: float | None, *now: str) -> dict[str, object]:
        held = {"now": list(now), "since_boot": []}
        return {"cpu": "x", "temperature_c": celsius, "throttled": held}

    worst = hardest([state(60), state(82, "throttled"), state(None)])
    assert worst["temperature_c"] == 82
    assert worst["throttled"] == {"now": ["throttled"], "since_boot": []}
    assert worst["cpu"] == "x"


def test_a_system_that_tells_nothing_stays_silent() -> None:
    silent = {"temperature_c": None, "throttled": None}
    assert hardest([silent, silent]) == silent
