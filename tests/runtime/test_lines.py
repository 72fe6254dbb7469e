from runtime.lines import one_line


def test_what_a_terminal_would_obey_is_shown_instead() -> None:
    assert one_line("a\nb\x1b[2J\t\udcff") == r"a\nb\x1b[2J\t\udcff"
    assert one_line("Лимфоцит 1.png") == "Лимфоцит 1.png"
