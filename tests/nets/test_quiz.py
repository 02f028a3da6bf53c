"""The quiz: what is asked is right, and mistakes are recognised for what they are."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from ceteris.nets import Conv, MaxPool, ask, grade
from ceteris.nets.one_layer import conv_shape, pool_shape
from ceteris.nets.quiz import chain_parameters, chain_values


def test_the_reports_own_questions():
    assert [ask(0, number).answer for number in range(5)] == [
        (127, 127, 5),  # R3.8
        (9_216,),  # R3.8
        (1_216,),  # R0.6
        (16_928,),
        (4_333_824,),
    ]


@settings(max_examples=60)
@given(st.integers(0, 10**9), st.integers(0, 40))
def test_every_question_is_sound(seed, number):
    question = ask(seed, number)
    assert question == ask(seed, number)
    assert min(question.answer) > 0
    wrong = [mistake.answer for mistake in question.mistakes]
    assert len(wrong) >= 3
    assert len(set(wrong)) == len(wrong)
    assert question.answer not in wrong
    assert all(len(answer) == len(question.answer) for answer in wrong)
    assert question.text.endswith("?")


def test_seeds_give_other_questions_and_numbers_all_sorts():
    assert ask(1, 0).text != ask(2, 0).text or ask(1, 1).text != ask(2, 1).text
    starts = {ask(1, number).text.split(" ")[0] for number in range(8)}
    assert {"An", "A", "Batch"} <= starts


def said(question, answer):
    found = question.mistake(answer)
    return "" if found is None else found.said


def test_a_convolutions_mistakes():
    question = conv_shape((28, 28, 3), Conv(8, 5, stride=2))
    assert question.answer == (12, 12, 8)
    assert "with padding" in said(question, (14, 14, 8))
    assert "at stride 1" in said(question, (24, 24, 8))
    assert "one place is missing" in said(question, (11, 11, 8))
    assert "channels of the input" in said(question, (12, 12, 3))
    assert "channels come last" in said(question, (8, 12, 12))
    assert "without padding" in said(conv_shape((28, 28, 3), Conv(8, 5, 1, "same")), (24, 24, 8))


def test_poolings_mistakes():
    question = pool_shape((15, 15, 6), MaxPool(2))
    assert question.answer == (7, 7, 6)
    assert "nothing was pooled" in said(question, (15, 15, 6))
    assert "channels are not pooled" in said(question, (7, 7, 3))
    assert "left out, not padded" in said(question, (8, 8, 6))


def test_parameters_mistakes():
    conv, dense = ask(0, 2), ask(0, 4)
    assert "biases are forgotten" in said(conv, (1_200,))
    assert "channels are forgotten" in said(conv, ((25 + 1) * 16,))
    assert "flatten is forgotten" in said(dense, (8_448,))
    assert "biases are forgotten" in said(dense, (16_928 * 256,))


def test_a_chains_mistakes_are_computed_through_the_chain():
    layers = (Conv(16, 5), MaxPool(2), Conv(32, 3), MaxPool(2))
    values = chain_values((100, 100, 3), layers)
    assert "pooling is forgotten" in said(values, (94 * 94 * 32,))
    assert "with padding" in said(values, (25 * 25 * 32,))
    assert "flatten is forgotten" in said(values, (32,))
    whole = chain_parameters((100, 100, 3), layers, 10)
    assert whole.answer == (1_216 + 4_640 + 16_929 * 10,)
    assert "flatten is forgotten" in said(whole, (1_216 + 4_640 + 33 * 10,))
    assert "biases are forgotten: 58" in said(whole, (whole.answer[0] - 16 - 32 - 10,))


def test_what_is_said():
    assert grade(ask(0, 1), "9216").said == "Right: 24*24*16 = 9,216."
    assert grade(ask(0, 1), "576").said == (
        "No: the channels are forgotten: each pixel has 16. It is 9,216: 24*24*16 = 9,216."
    )
    assert grade(ask(0, 1), "577").said == "No. It is 9,216: 24*24*16 = 9,216."
    assert grade(ask(0, 1), "many").said.startswith("Not read; an answer looks like 1,000.")
    assert grade(ask(0, 1), " ").said.startswith("No answer. It is 9,216")
    assert math.prod(ask(0, 0).answer) == 127 * 127 * 5
