from pathlib import Path

from ceteris.data.dataset import Content
from ceteris.data.published import Form, Places, PublishedFile, PublishedSet, Unpacked


def no_parser(of: PublishedSet, files: tuple[Unpacked, ...]) -> Content:
    raise NotImplementedError


def test_the_published_name_comes_first() -> None:
    packed = PublishedFile("a-idx1-ubyte", 9, "", gz_bytes=20)
    assert packed.published_name == packed.spellings[0] == "a-idx1-ubyte.gz"
    assert {"a-idx1-ubyte", "a-idx1-ubyte.xz", "a.idx1-ubyte.gz"} <= set(packed.spellings)
    plain = PublishedFile("f.csv", 9, "")
    assert plain.published_name == "f.csv"
    assert set(plain.spellings) == {"f.csv", "f.csv.gz", "f.csv.bz2", "f.csv.xz", "f.csv.zip"}


def test_what_to_get_is_the_archive_where_there_is_one() -> None:
    files = (PublishedFile("a", 9, "", gz_bytes=20), PublishedFile("b", 9, ""))
    assert Form(files, no_parser).to_get == "a.gz, b"
    assert Form(files, no_parser).archive_spellings == ()
    archived = Form(files, no_parser, archive="ab.tar.gz")
    assert archived.to_get == "ab.tar.gz"
    assert archived.archive_spellings == ("ab.tar.gz", "ab.tar")


def test_the_data_folder_is_looked_in_before_the_downloads() -> None:
    data, downloads = Path("data"), Path("downloads")
    assert Places(data, downloads).folders == (data, downloads)
    assert Places(None, downloads).folders == (downloads,)
