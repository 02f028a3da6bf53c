"""Names that are short and still tell files apart."""

from ceteris.predict.names import in_room, short_names


def test_the_fewest_parts_that_tell_apart() -> None:
    assert short_names(["x/a/1.png", "x/b/1.png", "x/2.png"]) == ("a/1.png", "b/1.png", "2.png")
    assert short_names(["a/x/1.png", "b/x/1.png"]) == ("a/x/1.png", "b/x/1.png")
    assert short_names(["1.png", "a/1.png"]) == ("1.png", "a/1.png")
    assert short_names(["1.png", "1.png"]) == ("1.png", "1.png")
    assert short_names([]) == ()


def test_what_is_too_long_loses_its_middle_and_keeps_its_ending() -> None:
    name = "a" * 40 + "b" * 40 + "_0017.jpeg"
    for room in (12, 20, 33):
        short = in_room(name, room)
        assert len(short) == room
        assert short[0] == "a"
        assert "…" in short
    assert in_room(name, 20).endswith("_0017.jpeg")
    assert in_room(name, len(name)) == name
