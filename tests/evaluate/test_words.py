import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceteris.evaluate import Result, compare
from ceteris.evaluate.words import ADDITIONS, NOTES, VERDICTS

SGD = [0.80, 0.82, 0.81, 0.83, 0.79, 0.80, 0.82, 0.81]
ADAM = [0.85, 0.86, 0.87, 0.86, 0.84, 0.86, 0.88, 0.85]
SAME = [0.79, 0.83, 0.80, 0.84, 0.80, 0.79, 0.83, 0.82]
ONLY_T = [1.1, 0.5, 2.4, 2.1, 1.4, -1.4, 0.9, 1.5]  # the t interval excludes 0, sign-flip does not
WORSE = [0.75, 0.79, 0.78, 0.78, 0.75, 0.75, 0.78, 0.78]
THREE = {"sgd": SGD, "adam": ADAM, "same": SAME, "worse": WORSE}

# Rule -> what is compared, with which options, and the first comparison's sentence, word for word.
SENTENCES = {
    "differs, better": (
        {},
        THREE,
        (
            "adam has higher test_accuracy than sgd on this split, which is better: "
            "+0.049 [+0.036, +0.061] (98.3% interval, 95% for all 3 together; 8 seeds)."
        ),
    ),
    "differs, worse": (
        {},
        {"sgd": SGD, "worse": WORSE},
        (
            "worse has lower test_accuracy than sgd on this split, which is worse: "
            "-0.0400 [-0.0477, -0.0323] (95% interval; 8 seeds)."
        ),
    ),
    "differs, lower is better": (
        {"better": "lower", "metric": "test_loss"},
        {"sgd": SGD, "worse": WORSE},
        (
            "worse has lower test_loss than sgd on this split, which is better: "
            "-0.0400 [-0.0477, -0.0323] (95% interval; 8 seeds)."
        ),
    ),
    "not shown": (
        {},
        {"sgd": SGD, "same": SAME},
        (
            "No difference in test_accuracy is shown on this split: same minus sgd is "
            "+0.0025 [-0.0062, +0.0112] (higher is better; 95% interval; 8 seeds)."
        ),
    ),
    "resampled splits": (
        {"split_fixed": False},
        {"sgd": SGD, "same": SAME},
        (
            "No difference in test_accuracy is shown over resampled splits: same minus sgd is "
            "+0.0025 [-0.0062, +0.0112] (higher is better; 95% interval; 8 seeds)."
        ),
    ),
    "unknown split": (
        {"split_fixed": None},
        {"sgd": SGD, "worse": WORSE},
        (
            "worse has lower test_accuracy than sgd, which is worse: "
            "-0.0400 [-0.0477, -0.0323] (95% interval; 8 seeds)."
        ),
    ),
    "unknown split, not shown": (
        {"split_fixed": None},
        {"sgd": SGD, "same": SAME},
        (
            "No difference in test_accuracy is shown: same minus sgd is "
            "+0.0025 [-0.0062, +0.0112] (higher is better; 95% interval; 8 seeds)."
        ),
    ),
    "exploratory": (
        {"role": "exploratory"},
        {"sgd": SGD, "same": SAME},
        (
            "Exploratory: No difference in test_accuracy is shown on this split: same minus sgd is "
            "+0.0025 [-0.0062, +0.0112] (higher is better; 95% interval; 8 seeds)."
        ),
    ),
    "looks": (
        {"looks": 2},
        {"sgd": SGD, "worse": WORSE},
        (
            "worse has lower test_accuracy than sgd on this split, which is worse: "
            "-0.0400 [-0.0493, -0.0307] (97.5% interval, 95% over 2 looks; 8 seeds)."
        ),
    ),
    "looks and comparisons": (
        {"looks": 2},
        THREE,
        (
            "adam has higher test_accuracy than sgd on this split, which is better: +0.049 "
            "[+0.034, +0.063] (99.2% interval, 95% for all 3 together over 2 looks; 8 seeds)."
        ),
    ),
    "one seed": (
        {},
        {"sgd": [0.80], "adam": [0.85]},
        (
            "One seed is never a conclusion: adam minus sgd is +0.05 in test_accuracy for the one "
            "seed that both have."
        ),
    ),
    "no seed": (
        {},
        {"sgd": ["pending", 0.8], "adam": [0.85, "running"]},
        "Nothing can be concluded: no seed has ended in both adam and sgd yet.",
    ),
    "no spread": (
        {},
        {"sgd": [0.5, 0.25, 0.75], "adam": [0.75, 0.5, 1.0]},
        (
            "Nothing can be concluded: adam minus sgd is +0.25 in test_accuracy for all 3 seeds, "
            "and without spread there is no interval."
        ),
    ),
    "no spread, no difference": (
        {},
        {"sgd": [0.5, 0.25, 0.75], "adam": [0.5, 0.25, 0.75]},
        (
            "Nothing can be concluded: adam minus sgd is 0 in test_accuracy for all 3 seeds, "
            "and without spread there is no interval."
        ),
    ),
    "counted as chance": (
        {},
        {"sgd": SGD, "adam": [*ADAM[:6], None, "failed"]},
        (
            "No difference in test_accuracy is shown on this split: adam minus sgd is -0.14 "
            "[-0.44, +0.15] (higher is better; 95% interval; 8 seeds). Diverged or failed, counted "
            "as chance (0.1): adam 2 of 8, sgd 0 of 8."
        ),
    ),
    "partial": (
        {},
        {"sgd": [*SGD[:7], "pending"], "adam": ["pending", *ADAM[1:]]},
        (
            "adam has higher test_accuracy than sgd on this split, which is better: "
            "+0.050 [+0.037, +0.063] (95% interval; 6 seeds). Partial: 6 of 8 seeds."
        ),
    ),
    "equivalent": (
        {"margin": 0.02},
        {"sgd": SGD, "same": SAME},
        (
            "No difference in test_accuracy is shown on this split: same minus sgd is "
            "+0.0025 [-0.0062, +0.0112] (higher is better; 95% interval; 8 seeds). Equivalent "
            "within 0.02, the margin declared beforehand: the 90% interval [-0.0044, +0.0094] lies "
            "inside it (p = 0.001)."
        ),
    ),
    "not equivalent": (
        {"margin": 0.005},
        {"sgd": SGD, "same": SAME},
        (
            "No difference in test_accuracy is shown on this split: same minus sgd is "
            "+0.0025 [-0.0062, +0.0112] (higher is better; 95% interval; 8 seeds). Not shown to be "
            "equivalent within 0.005, the margin declared beforehand: the 90% interval "
            "[-0.0044, +0.0094] does not lie inside it (p = 0.26)."
        ),
    ),
    "different and equivalent": (
        {"margin": 0.06},
        {"sgd": SGD, "worse": WORSE},
        (
            "worse has lower test_accuracy than sgd on this split, which is worse: "
            "-0.0400 [-0.0477, -0.0323] (95% interval; 8 seeds). Different and yet equivalent "
            "within 0.06, the margin declared beforehand: the 90% interval [-0.0462, -0.0338] lies "
            "inside it (p = 0.00024)."
        ),
    ),
    "exploratory and equivalent, in a family": (
        {"margin": 1, "role": "exploratory"},
        THREE,
        (
            "Exploratory: adam has higher test_accuracy than sgd on this split, which is better: "
            "+0.049 [+0.036, +0.061] (98.3% interval, 95% for all 3 together; 8 seeds). Different "
            "and yet equivalent within the margin of 1: the 96.7% interval [+0.038, +0.059] lies "
            "inside it (p < 0.0001, adjusted)."
        ),
    ),
    "no spread, whatever the margin": (
        {"margin": 0.5},
        {"sgd": [0.5, 0.25, 0.75], "adam": [0.5, 0.25, 0.75]},
        (
            "Nothing can be concluded: adam minus sgd is 0 in test_accuracy for all 3 seeds, "
            "and without spread there is no interval."
        ),
    ),
}


@pytest.mark.parametrize("rule", SENTENCES)
def test_sentences_word_for_word(compared, rule: str) -> None:
    options, arms, sentence = SENTENCES[rule]
    assert compared(options, **arms)[0].sentence == sentence
    assert len(sentence) <= 3 * 80 + (110 if "margin" in options else 0)


def test_holm_alone_is_said_and_does_not_decide(compared) -> None:
    clear = [x + 0.2 + 0.001 * i for i, x in enumerate(SGD)]
    middling = [x + d for x, d in zip(SGD, [1, 3, -1, 2, 1, 0, 2, 1], strict=True)]
    _, row = compared(sgd=SGD, clear=clear, middling=middling)
    assert row.p_holm < 0.05 <= row.p_adjusted
    assert row.low <= 0 <= row.high
    assert row.sentence == (
        "No difference in test_accuracy is shown on this split: middling minus sgd is +1.1 "
        "[-0.1, +2.4] (higher is better; 97.5% interval, 95% for both together; 8 seeds). "
        "Holm's stepwise test alone would have called it (p = 0.038), but no interval of the "
        "size agrees with that."
    )


def test_finished_pairs_are_an_addition(compared) -> None:
    (row,) = compared(sgd=SGD, adam=[*ADAM[:6], None, "failed"])
    assert row.notes[:2] == (
        (
            "Among the 6 of 8 pairs that both finished: +0.048 [+0.036, +0.061]; an addition, not "
            "the conclusion."
        ),
        (
            "Runs that count as chance lie far from the others, and the t interval then holds the "
            "truth less often than its level says: look at the counts."
        ),
    )
    (row,) = compared(sgd=[0.8, 0.81, 0.79], adam=[None, None, None])
    assert row.notes[0] == "Among the 0 of 3 pairs that both finished there is nothing to add."
    (row,) = compared(sgd=[0.8, 0.81, 0.79], adam=[None, 0.9, None])
    assert row.notes[0].startswith("Among the 1 of 3 pairs that both finished: +0.09; an addition")


@pytest.mark.parametrize(
    ("num_seeds", "arms", "note"),
    [
        (2, 1, "2 seeds cannot show p < 0.5 in the exact sign-flip test; the t interval can"),
        (5, 1, "5 seeds cannot show p < 0.0625 in the exact sign-flip test; the t interval can"),
        (5, 3, "5 seeds cannot show p < 0.0625 in the exact sign-flip test; the t interval can"),
        (6, 1, None),
        (
            6,
            3,
            (
                "6 seeds cannot show p < 0.0312 in the exact sign-flip test, and 3 comparisons ask "
                "for p < 0.0167; the t interval can"
            ),
        ),
        (7, 3, None),
        (8, 1, None),
    ],
)
def test_few_seeds_are_said(compared, num_seeds: int, arms: int, note: str | None) -> None:
    others = {f"arm{i}": list(np.array(ADAM) + 0.01 * i) for i in range(arms)}
    rows = compared(**{name: x[:num_seeds] for name, x in {"sgd": SGD, **others}.items()})
    found = [text for text in rows[0].notes if "cannot show" in text]
    if note is None:
        assert found == []
    else:
        assert len(found) == 1
        assert found[0].startswith(note)


def test_sign_flip_that_disagrees_is_said(compared) -> None:
    # All above 0 and one far: the t interval sees spread, the signs do not weigh it.
    far = [0.001] * 7 + [0.2]
    (row,) = compared(sgd=[0.0] * 8, adam=far)
    assert row.verdict == "not shown"
    assert "The sign-flip test beside it would have called it (p = 0.0078, adjusted)." in row.notes
    # Close together but for two on the other side.
    (row,) = compared(sgd=[0.0] * 8, adam=ONLY_T)
    assert row.verdict == "higher"
    assert row.notes == (
        (
            "The sign-flip test beside it, which does not take differences to be normal, does not "
            "call it (p = 0.055, adjusted)."
        ),
    )


def test_pairing_that_did_not_help_is_said(compared) -> None:
    rising, falling = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], [0.61, 0.5, 0.42, 0.3, 0.21, 0.1]
    (row,) = compared(sgd=rising, adam=falling)
    assert row.correlation < -0.99
    assert (
        "Pairing did not help here: the arms' correlation over seeds is -1.00, and unpaired the "
        "interval would be +-0.24 instead of +-0.39." in row.notes
    )
    (row,) = compared(sgd=rising, adam=[x + 0.1 + 0.01 * i**2 for i, x in enumerate(rising)])
    assert row.correlation > 0.9
    assert not any("Pairing" in note for note in row.notes)
    (row,) = compared(sgd=[0.5] * 6, adam=rising)
    assert not any("Pairing" in note for note in row.notes)  # the same spread, the same degrees


def test_a_difference_that_is_not_shown_says_what_would_have_been(compared) -> None:
    (row,) = compared(sgd=SGD, same=SAME)
    assert row.notes[-1] == (
        "With this spread, 8 seeds find a true difference of 0.012 four times in five; the "
        "spread is uncertain itself, so between 0.008 and 0.024."
    )
    (row,) = compared(sgd=SGD, adam=ADAM)
    assert row.notes == ()


def test_equivalence_that_is_not_shown_says_what_would_have_been(compared) -> None:
    (row,) = compared({"margin": 0.005}, sgd=SGD, same=SAME)
    assert row.notes[-1] == (
        "Equivalence would have been shown for a margin above 0.00944, but one that is chosen now "
        "decides nothing. If the arms do not differ, 39 seeds with this spread show it four times "
        "in five; the spread is uncertain itself, so between 18 and 154."
    )
    (row,) = compared({"margin": 0.001}, sgd=SGD, same=SAME)  # smaller than the difference
    assert row.notes[-1].endswith("decides nothing.")
    (row,) = compared({"margin": 0.0035}, sgd=SGD[:3], same=SAME[:3])
    assert row.notes[-1].endswith("between 27 and more than 1000.")
    (row,) = compared({"margin": 0.02}, sgd=SGD, same=SAME)
    assert not any("margin" in note for note in row.notes)


def test_without_a_margin_nothing_is_said_about_equivalence(compared) -> None:
    for options, arms, _ in SENTENCES.values():
        for row in compared({**options, "margin": None}, **arms):
            assert row.equivalence is None
            assert "equivalen" not in " ".join([row.sentence, *row.notes]).lower()


def test_every_rule_is_reached(compared) -> None:
    names = {rule.name for rule in (*VERDICTS, *ADDITIONS, *NOTES)}
    reached = set()
    for options, arms, _ in SENTENCES.values():
        for row in compared(options, **arms):
            reached |= {r.name for r in (*VERDICTS, *ADDITIONS, *NOTES) if r.when(row)}
    tested_above = {"Holm alone", "sign-flip differs", "pairing did not help", "few seeds"}
    assert names == reached | tested_above


@given(st.integers(0, 2**32 - 1), st.integers(0, 9), st.floats(0, 4))
@settings(deadline=None, max_examples=150)
def test_exactly_one_verdict_applies_and_nothing_is_overstated(seed, n, effect) -> None:
    rng = np.random.default_rng(seed)
    results = [Result("a", s, x, "finished") for s, x in enumerate(rng.normal(size=n))]
    results += [Result("b", s, x + effect, "finished") for s, x in enumerate(rng.normal(size=n))]
    results += [Result(arm, 99, None, "pending") for arm in "ab"]
    (row,) = compare(results, metric="m", baseline="a", chance=None, better="higher")
    applying = [rule.name for rule in VERDICTS if rule.when(row)]
    # "no spread" stands behind the two cases with fewer pairs.
    assert applying == {0: ["no pair", "no spread"], 1: ["one pair", "no spread"]}.get(
        n, applying[:1]
    )
    text = " ".join([row.sentence, *row.notes]).lower()
    for word in ("same as", "equal", "identical", "no effect", "proves", "proven", "significant"):
        assert word not in text
    assert ("there is no difference" in text) is False
