"""The table of a network in every form: rows, JSON, Markdown, LaTeX."""

import json
import re

import pytest

from ceteris.nets import Dense, Flatten, Residual, explain, make_network, training_memory
from ceteris.report import as_latex, as_markdown, explanation_as_json, sheet

R2_1 = explain(make_network("R2.1"), (48, 48, 1), 7, title="fer2013-cnn (R2.1)")
BLOCK = explain(
    [Flatten(), Residual((Dense(4),), (Dense(4),)), Dense("classes")], (2, 2, 1), 3, title="a_b%"
)


def numbers(text: str) -> int:
    return int(text.replace(",", ""))


@pytest.mark.parametrize("convention", ["weights", "everything"])
def test_columns_sum_to_the_last_row(convention: str) -> None:
    table = sheet(R2_1, convention)
    for column in range(2, len(table.headings)):
        assert sum(numbers(row[column]) for row in table.rows) == numbers(table.totals[column])
    assert numbers(table.totals[2]) == 5_927_239


def test_inside_a_block_names_are_whole_or_indented() -> None:
    assert [row[0] for row in sheet(BLOCK, "weights").rows][1:4] == [
        "residual_1.dense_1",
        "residual_1.shortcut.dense_1",
        "residual_1",
    ]
    short = [row[0] for row in sheet(BLOCK, "weights", full_names=False).rows]
    assert short[1:4] == ["  dense_1", "  shortcut.dense_1", "residual_1 (sum)"]


def test_json_holds_the_numbers_and_where_they_come_from() -> None:
    kept = R2_1.kept_bytes
    assert kept is not None
    memory = training_memory(R2_1.trainable, R2_1.fixed, kept, batch=32, states=2)
    found = json.loads(json.dumps(explanation_as_json(R2_1, memory)))
    assert (found["parameters"], found["not_trainable"]) == (5_927_239, 6_656)
    assert found["layers"][0]["parameters_formula"] == "(3*3*1 + 1)*64"
    assert found["layers"][0]["shape_formula"] == "floor((48 + 2 - 3)/1) + 1 = 48"
    assert found["operations"]["weights"]["multiplications"] == found["multiply_adds"]
    assert found["growth"]["value"] == sum(term["value"] for term in found["growth"]["terms"])
    assert found["training_bytes"]["total"] == memory.total
    assert found["forgotten_flatten"] is None
    assert explanation_as_json(R2_1, None)["training_bytes"] is None


def test_markdown_is_a_table_of_equal_rows() -> None:
    text = as_markdown(R2_1, "everything")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    first = rows[: len(R2_1.layers) + 3]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in first} == {7}
    assert "| conv_1 | `(3*3*1 + 1)*64 = 640` |" in rows
    assert "O(sum_l f_(l-1) k_l^2 f_l m_l^2)" in text
    assert as_markdown(BLOCK, "weights").startswith("## a_b%\n")


def test_latex_escapes_and_balances() -> None:
    tricky = explain([Flatten(), Dense("classes")], (2, 2, 1), 3, title=r"50%_$x$ & #1 {\a} ~^")
    text = as_latex(tricky, "weights")
    caption = next(line for line in text.splitlines() if "caption" in line)
    assert (
        r"\caption{50\%\_\$x\$ \& \#1 \{\textbackslash{}a\} \textasciitilde{}\textasciicircum{}: "
        in caption
    )
    for one in (text, as_latex(R2_1, "everything"), as_latex(BLOCK, "weights")):
        opened = re.findall(r"\\begin\{(\w+)\}", one)
        assert sorted(opened) == sorted(re.findall(r"\\end\{(\w+)\}", one))
        plain = re.sub(r"\\[{}]", "", one)
        assert plain.count("{") == plain.count("}")
        body = one[one.index(r"\midrule") : one.index(r"\bottomrule")]
        columns = {line.count(" & ") for line in body.splitlines() if line.endswith(r"\\")}
        assert len(columns) == 1
        assert not re.search(r"(?<!\\)_", body)
    assert r"\usepackage{booktabs,longtable}" in as_latex(R2_1, "weights")
    assert r"1 \cdot 3^{2} \cdot 64 \cdot 48^{2}" in as_latex(R2_1, "weights")
