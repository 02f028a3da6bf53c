"""What counts as hanging, with a clock of our own."""

from ceteris.engine.watchdog import Awake, Watch


def test_a_slow_step_is_work() -> None:
    watch = Watch(limit_s=10.0)
    for second in range(10_000):  # computes, never steps
        watch.pass_time(1.0)
        watch.computed(float(second))
        assert not watch.overdue


def test_silence_hangs_and_so_does_waiting() -> None:
    for says in (False, True):
        watch = Watch(limit_s=10.0)
        watch.stepped()
        for _ in range(10):
            watch.pass_time(1.0)
            if says:  # a loop that looks and sleeps computes a little
                watch.computed(5.0 + 0.0002 * watch.quiet_s)
            assert not watch.overdue
        watch.pass_time(1.0)
        assert watch.overdue


def test_before_the_first_step_there_is_more_time() -> None:
    watch = Watch(limit_s=10.0)
    watch.pass_time(50.0)
    assert not watch.overdue
    watch.pass_time(0.1)
    assert watch.overdue


def test_a_run_that_has_waited_and_gone_on_may_wait_longer() -> None:
    watch = Watch(limit_s=10.0)
    watch.stepped()
    watch.pass_time(9.0)
    watch.stepped()
    watch.pass_time(45.0)
    assert not watch.overdue
    watch.pass_time(0.1)
    assert watch.overdue


def test_sleep_counts_one_second() -> None:
    now = iter([0.0, 0.25, 0.5, 100_000.5, 100_001.0])
    awake = Awake(clock=lambda: next(now))
    assert [awake.since_last_look() for _ in range(4)] == [0.25, 0.25, 1.0, 0.5]
