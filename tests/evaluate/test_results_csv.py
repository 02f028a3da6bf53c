import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceteris.errors import CeterisError
from ceteris.evaluate import compare, parse_results, read_results, results_csv

GOOD = "arm,seed,test_accuracy\nsgd,0,0.8\nsgd,1,0.9\nadam,0,0.85\nadam,1,0.95\n"


def message(content: str | bytes, source: str = "runs.csv") -> str:
    with pytest.raises(CeterisError) as caught:
        parse_results(content, source)
    return str(caught.value)


def four(what: str, received: str, expected: str, fix: str) -> str:
    return f"{what}\n  received: {received}\n  expected: {expected}\n  fix:      {fix}"


def test_a_file_becomes_runs_that_can_be_compared() -> None:
    found = parse_results(GOOD, "runs.csv")
    assert (found.source, found.metrics, found.arms) == (
        "runs.csv",
        ("test_accuracy",),
        ("sgd", "adam"),
    )
    assert [(r.arm, r.seed, r.value, r.status) for r in found.of("test_accuracy")] == [
        ("sgd", 0, 0.8, "finished"),
        ("sgd", 1, 0.9, "finished"),
        ("adam", 0, 0.85, "finished"),
        ("adam", 1, 0.95, "finished"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff" + GOOD,
        GOOD.encode(),
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("\n", "\r"),
        GOOD.rstrip("\n"),
        "\n" + GOOD.replace("\n", "\n\n") + " , ,\n",
        GOOD.replace("sgd", '"sgd"').replace("seed", ' "seed"'.strip()),
        GOOD.replace(",", " , "),
        GOOD.replace("sgd,0,0.8", "sgd,0.0,+8e-1"),
    ],
    ids=["bom", "bytes", "bytes bom", "crlf", "cr", "no last end", "blank lines", "quotes",
         "blanks around", "numbers"],
)  # fmt: skip
def test_the_same_runs_however_they_are_written(content: str | bytes) -> None:
    assert parse_results(content, "runs.csv") == parse_results(GOOD, "runs.csv")


def test_columns_stand_in_any_order_and_names_may_hold_commas_and_quotes() -> None:
    text = 'loss,status,seed,arm,acc\n0.5,stopped,3,"lr=0.1, ""big""",0.7\n1,finished,4,b,0.1\n'
    found = parse_results(text, "runs.csv")
    assert found.metrics == ("loss", "acc")
    assert found.rows[0].arm == 'lr=0.1, "big"'
    assert found.rows[0].values == {"loss": 0.5, "acc": 0.7}
    assert [r.status for r in found.of("acc")] == ["stopped", "finished"]


@pytest.mark.parametrize("value", ["nan", "NaN", "-nan", "inf", "-INF", "Infinity", "1e999"])
def test_a_value_that_is_not_finite_is_a_diverged_run(value: str) -> None:
    found = parse_results(GOOD.replace("0.95", value), "runs.csv")
    assert math.isnan(found.rows[3].values["test_accuracy"])
    (row,) = compare(
        found.of("test_accuracy"), metric="test_accuracy", baseline="sgd", chance=0.1,
        better="higher",
    )  # fmt: skip
    assert (row.seeds, row.arm_diverged) == (2, 1)
    assert row.difference == pytest.approx((0.05 - 0.8) / 2)


@pytest.mark.parametrize("status", ["diverged", "failed", "pending", "running", " Failed "])
def test_a_run_that_did_not_finish_needs_no_value(status: str) -> None:
    text = f"arm,seed,status,acc\na,0,finished,0.5\nb,0,{status},\n"
    row = parse_results(text, "runs.csv").rows[1]
    assert (row.status, row.values["acc"]) == (status.strip().lower(), None)


def test_the_same_arm_and_seed_twice_names_both_lines() -> None:
    assert message(GOOD + "sgd,1,0.7\n") == four(
        "arm 'sgd' has seed 1 twice",
        "lines 3 and 6, columns arm and seed  (runs.csv)",
        "one line for each arm and seed",
        "remove one of the two lines, or give one another seed",
    )


@pytest.mark.parametrize("text", ["fast", "0.9.1", "1_000", "95%", "0x10", "٣", "1e", "--1"])
def test_a_value_that_is_no_number_is_named_with_line_and_column(text: str) -> None:
    assert message(GOOD.replace("0.85", text)) == four(
        f"'{text}' is not a number",
        f"'{text}'  (runs.csv, line 4, column test_accuracy)",
        "a number such as 0.91 or 9.1e-1",
        "write a number, or nan for a run that diverged",
    )


def test_a_decimal_comma_is_recognised() -> None:
    assert message(GOOD.replace("0.85", '"0,85"')).endswith("fix:      write it with a point: 0.85")


def test_an_empty_value_is_not_guessed() -> None:
    assert message(GOOD.replace("0.85", "")) == four(
        "a value is empty, which could mean that the run diverged or that it was never made",
        "nothing  (runs.csv, line 4, column test_accuracy)",
        "a number, or nan for a run that diverged",
        "write nan if the run diverged; if it was not made, leave its line out",
    )


@pytest.mark.parametrize("seed", ["", "-1", "1.5", "a", "1e3", "9" * 19, "0x1"])
def test_a_seed_that_is_no_whole_number(seed: str) -> None:
    assert message(GOOD.replace("adam,1", f"adam,{seed}")) == four(
        f"'{seed}' is not a seed",
        f"'{seed}'  (runs.csv, line 5, column seed)",
        "a whole number, 0 or more",
        "write the seed that the run was started with, or number the runs of each arm; the same "
        "number in two arms means that they are paired",
    )


@pytest.mark.parametrize(
    ("header", "missing", "fix"),
    [
        ("Arm,seed,acc", "arm", "rename the column 'Arm' to 'arm'"),
        ("arm,seeds,acc", "seed", "rename the column 'seeds' to 'seed'"),
        ("model,seed,acc", "arm", "name the column that holds the arm 'arm'"),
        (
            "arm;seed;acc",
            "arm",
            "the values are separated by semicolons; save the file with commas",
        ),
        ("arm\tseed\tacc", "arm", "the values are separated by tabs; save the file with commas"),
    ],
)
def test_a_missing_column(header: str, missing: str, fix: str) -> None:
    shown = ", ".join(repr(name) for name in header.split(","))
    assert message(f"{header}\nsgd,0,1\n") == four(
        f"there is no column '{missing}'",
        f"the columns {shown}  (runs.csv, line 1)",
        "the columns arm, seed and one or more metrics, separated by commas",
        fix,
    )


def test_no_metric() -> None:
    assert message("arm,seed,status\nsgd,0,finished\n") == four(
        "there is no metric to compare",
        "the columns 'arm', 'seed', 'status'  (runs.csv, line 1)",
        "one or more columns with numbers, for example test_accuracy",
        "add a column with the metric",
    )


def test_a_column_twice() -> None:
    assert message("arm,seed,acc, acc\nsgd,0,1,2\n") == four(
        "the column 'acc' is there twice",
        "the columns 'arm', 'seed', 'acc', 'acc'  (runs.csv, line 1)",
        "every column once",
        "remove or rename one of them",
    )


def test_a_column_without_a_name() -> None:
    assert message(",arm,seed,acc\n0,sgd,0,1\n") == four(
        "the name of column 1 cannot be ''",
        "'', 0 characters  (runs.csv, line 1)",
        "1 to 200 printable characters",
        "give it a short name",
    )


@pytest.mark.parametrize("arm", ["", "a\x1b[31m", "x" * 201, "two\nlines"])
def test_an_arm_that_cannot_be_printed(arm: str) -> None:
    text = message(f'arm,seed,acc\na,0,1\n"{arm}",0,1\n')
    assert text.startswith("the arm cannot be '")
    assert f"{len(arm)} characters  (runs.csv, line 3, column arm)" in text
    assert "\x1b" not in text
    assert len(text) < 700


@pytest.mark.parametrize("content", ["", b"", "\ufeff", "\n\n", " , \n"])
def test_an_empty_file(content: str | bytes) -> None:
    assert message(content) == four(
        "the results are empty",
        "no lines  (runs.csv)",
        "a first line with the columns arm, seed and one or more metrics",
        "write the results into the file, one line per run",
    )


def test_names_and_nothing_below() -> None:
    assert message("arm,seed,acc\n") == four(
        "the results hold no runs",
        "a line of column names and nothing below  (runs.csv)",
        "one line per run",
        "add the runs",
    )


@pytest.mark.parametrize(
    ("line", "count"), [("sgd,2", "2 fields"), ("lr=1, wd=2,2,0.5", "4 fields"), ("sgd", "1 field")]
)
def test_a_line_of_another_length(line: str, count: str) -> None:
    assert message(GOOD + line + "\n") == four(
        f"line 6 has {count}, and the first line names 3 columns",
        f"'{line}'  (runs.csv, line 6)",
        "one value each for 'arm', 'seed', 'test_accuracy'",
        "complete the line; put a name that holds a comma in double quotes",
    )


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    # A quoted value over two lines (2 and 3), a blank line (4): the next mistake is on line 5.
    text = 'arm,seed,acc\r\na,"1\r\n",0.5\r\n\r\nc,1,x\r\n'
    assert "(runs.csv, line 5, column acc)" in message(text)
    text = 'arm,seed,acc\r\na,1,"x\r\ny"\r\n'
    assert "(runs.csv, line 2, column acc)" in message(text)


@pytest.mark.parametrize("text", ['arm,seed,acc\n"sgd,0,1\n', 'arm,seed,acc\n"sgd"x,0,1\n'])
def test_quotes_that_do_not_close(text: str) -> None:
    found = message(text)
    assert found.startswith("line 2 is not CSV\n  received: ")
    assert "(runs.csv, line 2)" in found
    assert found.endswith("fix:      close the quotes; write a quote inside a quoted name twice")


def test_a_status_there_is_not_names_the_nearest() -> None:
    assert message("arm,seed,status,acc\nsgd,0,finishd,1\n") == four(
        "there is no status 'finishd'",
        "'finishd'  (runs.csv, line 2, column status)",
        "one of diverged, failed, finished, pending, running, stopped",
        "did you mean 'finished'?",
    )


def test_text_that_is_not_utf8_says_where() -> None:
    assert message("arm,seed,acc\nsgd,0,1\nströmung,0,1\n".encode("latin-1")) == four(
        "the results are not text in UTF-8",
        "the byte 0xf6  (runs.csv, line 3)",
        "a CSV file saved as UTF-8",
        "save it again as 'CSV UTF-8'",
    )
    assert "not text in UTF-8" in message(GOOD.encode("utf-16"))


def test_a_file_that_is_too_large_is_not_parsed(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(results_csv, "LARGEST_BYTES", 2**20)
    wanted = four(
        "the results are too large",
        "2.0 MiB  (runs.csv)",
        "at most 1 MiB: one line per run",
        "give the table of results, not the data; keep only the columns that are compared",
    )
    large = "x" * 2**21
    assert message(large) == wanted
    (tmp_path / "runs.csv").write_text(large)
    with pytest.raises(CeterisError) as caught:
        read_results(tmp_path / "runs.csv")
    assert str(caught.value) == wanted


def test_an_enormous_line_and_an_enormous_field_give_short_messages() -> None:
    # Each of these took minutes while a check compared every column with every other, or a
    # number could be matched in more than one way.
    assert len(message("arm,seed," + ",".join(str(i) for i in range(500)))) < 1000
    assert len(message(GOOD + "sgd,2,0.5" + "," * 100_000)) < 1000
    assert len(message("arm,seed,acc\n" + "y" * 200_000 + ",0,1\n")) < 1000  # csv's own limit
    assert len(message(GOOD.replace("0.85", "7" * 100_000 + "x"))) < 1000
    assert len(message(GOOD.replace("0.85", "7" * 100_000 + ",x"))) < 1000


@pytest.mark.parametrize(
    ("content", "noun", "received", "most"),
    [
        ("a," * 200_000, "column", "200,001 columns  (runs.csv, line 1)", "1,000"),
        (
            "arm,seed,acc\n" + "".join(f"{i},0,1\n" for i in range(1001)),
            "arm",
            "1,001 arms  (runs.csv)",
            "1,000",
        ),
        (
            "arm,seed,acc\n" + "".join(f"a,{i},1\n" for i in range(10_001)),
            "seed",
            "10,001 seeds  (runs.csv)",
            "10,000",
        ),
    ],
    ids=["columns", "arms", "seeds"],
)
def test_more_than_a_table_of_results_holds(content, noun, received, most) -> None:
    assert message(content) == four(
        f"the results hold too many {noun}s",
        received,
        f"at most {most}",
        "keep only what is to be compared; check that each column holds what its name says",
    )


def test_a_metric_there_is_not_names_the_nearest() -> None:
    with pytest.raises(CeterisError) as caught:
        parse_results(GOOD, "runs.csv").of("test_acuracy")
    assert str(caught.value) == four(
        "there is no metric 'test_acuracy'",
        "'test_acuracy'  (runs.csv)",
        "one of test_accuracy",
        "did you mean 'test_accuracy'?",
    )


def test_a_file_is_read_and_named_by_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert read_results(path).rows == parse_results(GOOD, "").rows
    assert read_results(path).source == "mine.csv"


@pytest.mark.parametrize("what", ["missing", "folder"])
def test_a_file_that_cannot_be_read(tmp_path: Path, what: str) -> None:
    path = tmp_path / "runs.csv"
    if what == "folder":
        path.mkdir()
    with pytest.raises(CeterisError) as caught:
        read_results(path)
    text = str(caught.value)
    assert text.startswith(f"the results '{path}' cannot be read\n  received: {path}: ")
    assert text.endswith("fix:      check the name and that the file may be read")
    assert "expected: a CSV file with the columns arm, seed and one or more metrics" in text


@given(st.one_of(st.text(max_size=200), st.binary(max_size=200)))
@settings(deadline=None, max_examples=300)
def test_anything_at_all_is_results_or_a_four_part_error(content: str | bytes) -> None:
    for prefix in ("", "arm,seed,acc\n"):
        whole = prefix + content if isinstance(content, str) else prefix.encode() + content
        try:
            found = parse_results(whole, "runs.csv")
        except CeterisError as error:
            text = str(error)
        else:
            text = ""
            assert found.rows
        assert text.count("\n  expected: ") == (1 if text else 0)


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=8),
            st.integers(0, 10**17),
            st.floats(allow_nan=False, allow_infinity=False),
        ),
        min_size=1,
        max_size=8,
        unique_by=lambda run: run[:2],
    )
)
@settings(deadline=None, max_examples=100)
def test_what_is_written_is_what_is_read(runs: list[tuple[str, int, float]]) -> None:
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["arm", "seed", "loss"])
    writer.writerows([arm, seed, repr(value)] for arm, seed, value in runs)
    found = parse_results(out.getvalue().encode(), "runs.csv")
    assert [(r.arm, r.seed, r.value) for r in found.of("loss")] == runs
