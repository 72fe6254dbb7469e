from runtime import HematoVisionError
from runtime.lines import LONGEST, one_line


def test_what_a_terminal_would_obey_is_shown_instead() -> None:
    assert one_line("a\nb\x1b[2J\t\udcff") == r"a\nb\x1b[2J\t\udcff"
    assert one_line("Лимфоцит 1.png") == "Лимфоцит 1.png"


def test_an_error_says_one_line_whatever_it_is_about() -> None:
    said = str(HematoVisionError("not_found", f"there is no {'x' * 10_000}\nand: do this"))
    assert len(said) == LONGEST
    assert said.startswith("there is no xxx")
    assert said.endswith(r"\nand: do this")
