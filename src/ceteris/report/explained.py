"""A network explained, as text to put elsewhere: rows, JSON, Markdown and LaTeX."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ceteris.nets import (
    CONVENTIONS,
    SYMBOLS,
    ExplainedLayer,
    Explanation,
    Growth,
    TrainingMemory,
)

_BIG_O = r"O\Bigl(\sum_l f_{l-1}\, k_l^2\, f_l\, m_l^2\Bigr)"
_SIDE = r"m_l = \lfloor (n_l + 2p - k_l)/s_l \rfloor + 1"
_TERMS_A_LINE = 3
_ROWS_A_PAGE = 40  # more than that is a longtable, which may break
_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        "`": r"\textasciigrave{}",
        "[": r"{[}",
        "]": r"{]}",
    }
)


@dataclass(frozen=True)
class Sheet:
    """A network as rows of text, and its totals: what every form of the table is made from.

    Args:
        headings: of the columns: two names, then numbers.
        rows: a row a layer, with as many cells.
        totals: the last row.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    totals: tuple[str, ...]


def sheet(explained: Explanation, convention: str, *, full_names: bool = True) -> Sheet:
    """The table of a network: layer, output shape, parameters, operations.

    Args:
        explained: the network.
        convention: which operations are counted: ``"weights"`` or ``"everything"``.
        full_names: whether a layer inside a residual block is named with its block, or indented.
    """
    everything = explained.operations(convention)
    more = everything.comparisons or everything.functions
    headings = ("layer", "output shape", "parameters", "multiplications", "additions")
    rows = []
    for layer in explained.layers:
        cells = [
            layer.name if full_names or not explained.described else indented(layer),
            shape_text(layer.output_shape),
            f"{layer.parameters:,}",
            *_operations(layer, convention, more=bool(more)),
        ]
        rows.append(tuple(cells))
    others = everything.comparisons + everything.functions
    totals = (
        "total",
        "",
        f"{explained.parameters:,}",
        f"{everything.multiplications:,}",
        f"{everything.additions:,}",
    )
    return Sheet(
        (*headings, "others") if more else headings,
        tuple(rows),
        (*totals, f"{others:,}") if more else totals,
    )


def indented(layer: ExplainedLayer) -> str:
    """A layer's name, two blanks in for each residual block it is inside.

    Example:
        >>> import ceteris.nets as nets
        >>> block = nets.Residual((nets.Dense(4),), (nets.Dense(4),))
        >>> found = nets.explain([block, nets.Dense("classes")], (4,), 2)
        >>> [indented(layer) for layer in found.layers]
        ['  dense_1', '  shortcut.dense_1', 'residual_1 (sum)', 'dense_1']
    """
    if layer.kind != "residual" and "." not in layer.name:
        return layer.name
    parts = layer.name.split(".")
    shortcut = len(parts) > 1 and parts[-2] == "shortcut"
    name = ".".join(parts[-2:]) if shortcut else parts[-1]
    depth = sum(part != "shortcut" for part in parts[:-1])
    return "  " * depth + name + (" (sum)" if layer.kind == "residual" else "")


def shape_text(shape: Sequence[int]) -> str:
    """A shape as Python writes it; ``-`` for one that is not known.

    Example:
        >>> shape_text((28, 28, 1)), shape_text(())
        ('(28, 28, 1)', '-')
    """
    return str(tuple(shape)) if shape else "-"


def explanation_as_json(explained: Explanation, memory: TrainingMemory | None) -> dict[str, Any]:
    """A network as JSON can hold it: every number of its table, with its formula.

    Args:
        explained: the network.
        memory: of a training step; None where what is kept was not measured.
    """
    growth, forgotten = explained.growth, explained.forgotten
    return {
        "title": explained.title,
        "input_shape": list(explained.input_shape),
        "classes": explained.num_classes,
        "layers": [_layer_as_json(layer) for layer in explained.layers],
        "parameters": explained.parameters,
        "trainable": explained.trainable,
        "not_trainable": explained.fixed,
        "multiply_adds": explained.multiply_adds,
        "operations": {name: asdict(explained.operations(name)) for name in CONVENTIONS},
        "not_counted": list(explained.uncounted),
        "kept_bytes_per_image": explained.kept_bytes,
        "peak_bytes_per_image": explained.peak_bytes,
        "training_bytes": None if memory is None else {**asdict(memory), "total": memory.total},
        "growth": None
        if growth is None
        else {
            "symbols": SYMBOLS,
            "terms": [
                {"layer": term.name, "term": term.text, "side": term.side, "value": term.value}
                for term in growth.terms
            ],
            "value": growth.value,
            "value_without_padding_and_one": growth.printed,
        },
        "forgotten_flatten": None
        if forgotten is None
        else {
            "layers": [
                {"name": name, "parameters": formula.value, "formula": formula.text}
                for name, formula in forgotten.layers
            ],
            "output_shape": list(forgotten.output_shape),
            "parameters": forgotten.parameters,
        },
        "notes": list(explained.notes),
    }


def as_markdown(explained: Explanation, convention: str) -> str:
    r"""A network's table and formulas in Markdown.

    Example:
        >>> import ceteris.nets as nets
        >>> found = nets.explain([nets.Flatten(), nets.Dense("classes")], (2, 2, 1), 3, title="a|b")
        >>> print(as_markdown(found, "weights").splitlines()[0])
        ## a\|b
    """
    table = sheet(explained, convention)
    bars = ["---", "---", *["---:"] * (len(table.headings) - 2)]
    lines = [table.headings, bars, *table.rows, table.totals]
    out = [f"## {_in_cell(explained.title)}", "", input_text(explained), ""]
    out += ["| " + " | ".join(_in_cell(cell) for cell in line) + " |" for line in lines]
    out += ["", f"Not trainable: {explained.fixed:,}. Counted: {CONVENTIONS[convention].title}."]
    computed = [(layer.name, str(f)) for layer in explained.layers for f in _formulas(layer)]
    if computed:
        out += ["", "| layer | how it is calculated |", "| --- | --- |"]
        out += [f"| {_in_cell(name)} | `{formula}` |" for name, formula in computed]
    if explained.growth is not None:
        terms = " + ".join(term.text for term in explained.growth.terms)
        out += ["", f"Big-O of the convolutions: `{SYMBOLS}`", ""]
        out += [f"`{terms} = {explained.growth.value:,}`"]
    out += [line for note in explained.notes for line in ("", _in_cell(note) + ".")]
    return "\n".join(out) + "\n"


def as_latex(explained: Explanation, convention: str) -> str:
    r"""A network's table in LaTeX, for ``\usepackage{booktabs}``, and the growth as a formula.

    Example:
        >>> import ceteris.nets as nets
        >>> found = nets.explain([nets.Flatten(), nets.Dense("classes")], (2, 2, 1), 3, title="50%")
        >>> print(as_latex(found, "weights").splitlines()[3])
          \caption{50\%: input 2 x 2 x 1, 3 classes.}
    """
    table = sheet(explained, convention, full_names=False)
    long = len(table.rows) > _ROWS_A_PAGE
    caption = rf"\caption{{{_tex(explained.title)}: {_tex(input_text(explained))}.}}"
    columns = f"{{ll{'r' * (len(table.headings) - 2)}}}"
    head = [r"\toprule", _tex_row(table.headings), r"\midrule"]
    body = [*map(_tex_row, table.rows), r"\midrule", _tex_row(table.totals), r"\bottomrule"]
    if long:
        out = [
            r"% \usepackage{booktabs,longtable}",
            r"{\footnotesize\setlength{\tabcolsep}{4pt}",
            rf"\begin{{longtable}}{columns}",
            rf"  {caption} \\",
            *(f"  {line}" for line in [*head, r"\endhead", *body]),
            r"\end{longtable}}",
        ]
    else:
        out = [
            r"% \usepackage{booktabs}",
            r"\begin{table}",
            r"  \centering\small\setlength{\tabcolsep}{4pt}",
            f"  {caption}",
            rf"  \begin{{tabular}}{columns}",
            *(f"    {line}" for line in [*head, *body]),
            r"  \end{tabular}",
            r"\end{table}",
        ]
    if explained.growth is not None:
        out += ["", rf"\[ {_BIG_O}, \quad {_SIDE} \]", "", *_tex_sum(explained.growth)]
    return "\n".join(out) + "\n"


def input_text(explained: Explanation) -> str:
    """What the network stands on, in words."""
    sides = " x ".join(f"{n}" for n in explained.input_shape)
    return f"input {sides}, {explained.num_classes} classes"


def _operations(layer: ExplainedLayer, convention: str, *, more: bool) -> list[str]:
    if layer.arithmetic is None:
        return ["not counted"] + ["-"] * (2 if more else 1)
    found = CONVENTIONS[convention].count(layer.arithmetic)
    cells = [f"{found.multiplications:,}", f"{found.additions:,}"]
    return [*cells, f"{found.comparisons + found.functions:,}"] if more else cells


def _formulas(layer: ExplainedLayer) -> list[str]:
    """What a layer's numbers come from, each formula with what it comes to."""
    arithmetic = layer.arithmetic
    found = [layer.shape_formula]
    if arithmetic is not None:
        found += [str(f) for f in (arithmetic.parameters, arithmetic.products) if f.text]
    return [formula for formula in found if formula]


def _layer_as_json(layer: ExplainedLayer) -> dict[str, Any]:
    arithmetic = layer.arithmetic
    return {
        "name": layer.name,
        "kind": layer.kind,
        "detail": layer.detail,
        "input_shape": list(layer.input_shape),
        "output_shape": list(layer.output_shape),
        "shape_formula": layer.shape_formula,
        "trainable": layer.trainable,
        "not_trainable": layer.fixed,
        "parameters_formula": "" if arithmetic is None else arithmetic.parameters.text,
        "multiplications_formula": "" if arithmetic is None else arithmetic.products.text,
        "operations": None
        if arithmetic is None
        else {name: asdict(c.count(arithmetic)) for name, c in CONVENTIONS.items()},
        "note": layer.note,
    }


def _in_cell(text: str) -> str:
    """Text as Markdown shows it as it is; an underscore inside a word needs nothing."""
    escaped = re.sub(r"([\\|*`<>\[\]])", r"\\\1", text)
    return re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", escaped)


def _tex(text: str) -> str:
    return text.translate(_LATEX)


def _tex_sum(growth: Growth) -> list[str]:
    """The filled-in sum, some terms a line, without a package."""
    terms = [re.sub(r"\^(\d+)", r"^{\1}", term.text) for term in growth.terms]
    starts = range(0, len(terms), _TERMS_A_LINE)
    lines = [" + ".join(terms[start : start + _TERMS_A_LINE]) for start in starts]
    lines = [line if i == 0 else f"{{}} + {line}" for i, line in enumerate(lines)]
    lines[-1] += f" = {growth.value:,}"
    rows = [line.replace("*", r" \cdot ").replace(",", "{,}") for line in lines]
    return [r"\[ \begin{array}{l}", " \\\\\n".join(f"  {row}" for row in rows), r"\end{array} \]"]


def _tex_row(cells: Sequence[str]) -> str:
    name = cells[0].lstrip()
    indent = r"\quad " * ((len(cells[0]) - len(name)) // 2)  # inside a residual block
    return " & ".join([indent + _tex(name), *map(_tex, cells[1:])]) + r" \\"
