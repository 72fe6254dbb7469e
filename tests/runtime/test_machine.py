"""What the system tells of the machine; that of a Pi and a PC is tried with the benchmarks."""

from pathlib import Path

from runtime.machine import board, memory_bytes


def system(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_a_board_is_named_by_its_kernel_and_a_pc_by_its_maker(tmp_path: Path) -> None:
    pi = {"proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0"}
    assert board(system(tmp_path / "pi", pi)) == "Raspberry Pi 5 Model B Rev 1.0"
    dmi = "sys/class/dmi/id"
    pc = {f"{dmi}/sys_vendor": "Abacus\n", f"{dmi}/product_name": "Desk 3\n"}
    assert board(system(tmp_path / "pc", pc)) == "Abacus Desk 3"
    assert board(tmp_path) is None


def test_memory_is_told_in_bytes(tmp_path: Path) -> None:
    told = {"proc/meminfo": "MemTotal:       8000 kB\nMemAvailable:   3000 kB\n"}
    assert memory_bytes(system(tmp_path, told)) == (8_192_000, 3_072_000)
