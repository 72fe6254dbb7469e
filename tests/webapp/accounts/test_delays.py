"""How long who fails must wait."""

from hypothesis import given
from hypothesis import strategies as st

from webapp.delays import FORGOTTEN_S, FREE_OF_ACCOUNT, FREE_OF_ADDRESS, LONGEST_S, MOST, Delays


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def fail(delays: Delays, clock: Clock, account: str, address: str) -> float:
    """Wait as long as one must, and fail; give how long that was."""
    waited_s = 0.0
    while wait_s := delays.begin(account, address):
        clock.now_s += wait_s
        waited_s += wait_s
    return waited_s


def test_the_first_failures_cost_nothing_and_further_ones_ever_more() -> None:
    clock = Clock()
    delays = Delays(clock)
    waits = [fail(delays, clock, "ada", f"192.0.2.{n}") for n in range(20)]
    assert waits[: FREE_OF_ACCOUNT + 4] == [0.0] * FREE_OF_ACCOUNT + [1.0, 2.0, 4.0, 8.0]
    assert max(waits) == waits[-1] == LONGEST_S


def test_an_address_that_tries_many_names_waits_too() -> None:
    clock = Clock()
    delays = Delays(clock)
    waits = [fail(delays, clock, f"name {n}", "192.0.2.1") for n in range(FREE_OF_ADDRESS + 3)]
    assert waits == [0.0] * FREE_OF_ADDRESS + [1.0, 2.0, 4.0]
    assert delays.begin("ada", "192.0.2.2") == 0.0


def test_a_try_that_comes_too_early_does_not_count() -> None:
    clock = Clock()
    delays = Delays(clock)
    for _ in range(FREE_OF_ACCOUNT):
        fail(delays, clock, "ada", "192.0.2.1")
    assert [delays.begin("ada", "192.0.2.1") for _ in range(50)] == [1.0] * 50


def test_strangers_do_not_keep_out_who_was_there_before() -> None:
    clock = Clock()
    delays = Delays(clock)
    assert delays.begin("ada", "192.0.2.1") == 0.0
    delays.succeeded("ada", "192.0.2.1")
    for n in range(2, 30):
        fail(delays, clock, "ada", f"192.0.2.{n}")
    assert delays.begin("ada", "192.0.2.99") > 0
    assert delays.begin("ada", "192.0.2.1") == 0.0


def test_success_takes_back_what_was_counted() -> None:
    delays = Delays(Clock())
    for _ in range(100):
        assert delays.begin("ada", "192.0.2.1") == 0.0
        delays.succeeded("ada", "192.0.2.1")


def test_failures_are_forgotten() -> None:
    clock = Clock()
    delays = Delays(clock)
    for _ in range(12):
        fail(delays, clock, "ada", "192.0.2.1")
    clock.now_s += FORGOTTEN_S + 1
    assert [fail(delays, clock, "ada", "192.0.2.1") for _ in range(FREE_OF_ACCOUNT)] == [0, 0, 0]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("123"), st.booleans())))
def test_nobody_ever_waits_longer_than_the_longest(tries: list[tuple[str, str, bool]]) -> None:
    clock = Clock()
    delays = Delays(clock)
    for account, address, is_right in tries:
        assert fail(delays, clock, account, address) <= 2 * LONGEST_S
        if is_right:
            delays.succeeded(account, address)


def test_memory_is_bounded() -> None:
    clock = Clock()
    delays = Delays(clock)
    for n in range(MOST + 500):
        delays.begin(f"name {n}", f"address {n}")
    assert len(delays._failures) == MOST


def test_a_flood_of_made_up_names_makes_nobody_forgotten() -> None:
    clock = Clock()
    delays = Delays(clock)
    while delays.begin("ada", "192.0.2.1") == 0.0:
        pass
    for n in range(MOST + 10):
        delays.begin(f"name {n}", "192.0.2.2")
    assert delays.begin("ada", "192.0.2.1") > 0
    assert delays.begin("ada", "192.0.2.3") > 0
