"""What befalls a run is drawn by its seed alone."""

from random import Random

from tests.history.troubles import Trouble, draw, draw_moved


def test_the_same_seed_draws_the_same() -> None:
    for is_sqlite in (True, False):
        first, second = (draw(Random(7), is_sqlite=is_sqlite) for _ in range(2))
        assert first == second
        moved = [draw_moved(Random(7), first | {Trouble.CLOCKS}, is_sqlite=is_sqlite) for _ in range(2)]
        assert moved[0] == moved[1] != frozenset()


def test_every_trouble_is_drawn_in_some_run_and_a_backup_comes_back_in_one_way() -> None:
    drawn = [draw(Random(seed), is_sqlite=False) for seed in range(30)]
    assert frozenset().union(*drawn) == frozenset(Trouble)
    assert not any(each >= {Trouble.RESTORE, Trouble.PUT_BACK} for each in drawn)


def test_sqlite_has_no_second_worker_and_no_server_to_restart() -> None:
    drawn = frozenset().union(*(draw(Random(seed), is_sqlite=True) for seed in range(30)))
    assert drawn == {Trouble.AHEAD, Trouble.CLOCKS, Trouble.RESTORE, Trouble.PUT_BACK}
    assert draw_moved(Random(1), drawn, is_sqlite=True) == {"server 1"}
