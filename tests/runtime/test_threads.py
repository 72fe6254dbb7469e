"""A small machine stays responsive."""

import os

import pytest

from runtime.threads import default_threads


def test_the_default_is_between_1_and_4() -> None:
    assert 1 <= default_threads() <= 4


def test_a_process_kept_on_one_core_uses_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    assert default_threads() == 1


def test_many_cores_are_not_all_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    beyond = {10_000 + i for i in range(64)}  # cores of which the system tells nothing
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: beyond, raising=False)
    assert default_threads() == 4


def test_a_system_without_affinity_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert default_threads() == 1
