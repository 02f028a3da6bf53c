"""Fetching, from a server on loopback that does everything a server can do wrong."""

import bz2
import gzip
import io
import lzma
import socket
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.data.conftest import Toy
from tests.data.server import Server, endless, redirect, send, serving

from ceteris.data import DATA_SETS, DataSource, open_data
from ceteris.data.download import is_web_address
from ceteris.data.fetching import Fetched, fetch
from ceteris.data.published import Form
from ceteris.errors import CeterisError


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving() as running:
        yield running


@pytest.fixture
def get(toy: Toy, tmp_path: Path) -> Callable[..., Fetched]:
    def fetched(mirror: str | None = None, **options: object) -> Fetched:
        cache = tmp_path / "cache"
        return fetch("toy", cache=cache, data_folder=None, mirror=mirror, **options)

    return fetched


def publish(toy: Toy, monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    """Put the toy set into the register as published otherwise."""
    entry = DATA_SETS["toy"]
    assert entry.published is not None
    monkeypatch.setitem(
        DATA_SETS, "toy", replace(entry, published=replace(entry.published, **changes))
    )


def serve(server: Server, toy: Toy) -> None:
    for name, content in toy.contents.items():
        server.answers[f"/{name}.gz"] = gzip.compress(content)


NAMES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


class TestGettingIt:
    def test_the_files_come_and_open(
        self, server: Server, toy: Toy, get: Callable[..., Fetched], tmp_path: Path
    ) -> None:
        serve(server, toy)
        told: list[tuple[str, int, int | None]] = []
        done = get(server.address, tell=lambda *step: told.append(step))
        folder = tmp_path / "cache" / "downloads" / "toy"
        assert done == Fetched(folder, NAMES)
        assert sorted(path.name for path in folder.iterdir()) == sorted(NAMES)
        sizes = {name: len(server.answers[f"/{name}"]) for name in NAMES}  # type: ignore[arg-type]
        assert [step for step in told if step[1]] == [(n, sizes[n], sizes[n]) for n in NAMES]
        data, _ = open_data(DataSource("toy"), cache=tmp_path / "cache", data_folder=None)
        assert (data.images == toy.images).all()

    def test_what_is_here_is_not_fetched_again(
        self, server: Server, toy: Toy, get: Callable[..., Fetched]
    ) -> None:
        serve(server, toy)
        folder = get(server.address).folder
        del server.asked[:]
        assert get(server.address) == Fetched(folder, ())
        assert server.asked == []

    def test_only_what_is_missing_or_wrong_comes(
        self, server: Server, toy: Toy, get: Callable[..., Fetched]
    ) -> None:
        serve(server, toy)
        folder = get(server.address).folder
        assert folder is not None
        (folder / NAMES[1]).unlink()
        (folder / NAMES[2]).write_bytes(b"damaged")
        assert get(server.address).came == NAMES[1:3]

    def test_mirrors_are_tried_in_order(
        self, server: Server, toy: Toy, get: Callable[..., Fetched], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        serve(server, toy)
        publish(toy, monkeypatch, mirrors=(f"{server.address}gone/", server.address))
        assert get().came == NAMES
        assert server.asked == [f"/gone/{NAMES[0]}", *(f"/{name}" for name in NAMES)]

    def test_a_mirror_of_ones_own_may_pack_otherwise(
        self, server: Server, toy: Toy, get: Callable[..., Fetched]
    ) -> None:
        images, labels, test_images, test_labels = toy.contents.items()
        server.answers[f"/m/{images[0]}"] = images[1]
        server.answers[f"/m/{labels[0]}.bz2"] = bz2.compress(labels[1])
        server.answers[f"/m/{test_images[0]}.xz"] = lzma.compress(test_images[1])
        box = io.BytesIO()
        with zipfile.ZipFile(box, "w") as archive:
            archive.writestr(*test_labels)
        server.answers[f"/m/{test_labels[0]}.zip"] = box.getvalue()
        came = get(f"{server.address}m").came
        assert [Path(name).suffix for name in came] == ["", ".bz2", ".xz", ".zip"]

    def test_a_redirect_to_another_server_is_followed(
        self, server: Server, toy: Toy, get: Callable[..., Fetched]
    ) -> None:
        serve(server, toy)
        for name in NAMES:
            server.answers[f"/old/{name}"] = redirect(f"{server.address}{name}")
        assert get(f"{server.address}old/").came == NAMES

    def test_an_archive_is_accepted_by_what_is_inside(
        self, server: Server, toy: Toy, get: Callable[..., Fetched], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (form,) = toy.published.forms
        both = (Form(form.files, form.parse, archive="toy.tar.gz"),)
        publish(toy, monkeypatch, forms=both, mirrors=(server.address,))
        server.answers["/toy.tar.gz"] = _tar(toy.contents)
        assert get().came == ("toy.tar.gz",)
        other = {**toy.contents, "t10k-labels-idx1-ubyte": b"another"}
        server.answers["/toy.tar.gz"] = _tar(other)
        assert get().came == ()  # the good one stays

    def test_what_needs_no_files_is_here(self, tmp_path: Path) -> None:
        assert fetch("digits", cache=tmp_path, data_folder=None) == Fetched(None, ())
        assert list(tmp_path.iterdir()) == []


def _tar(contents: dict[str, bytes]) -> bytes:
    box = io.BytesIO()
    with tarfile.open(fileobj=box, mode="w:gz") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(f"toy/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return box.getvalue()


def _stalled(server: Server) -> Callable[..., None]:
    def answer(handler: object) -> None:
        send(handler, b"half", length="100")  # type: ignore[arg-type]
        server.closing.wait(20)

    return answer


class TestWhatServersDoWrong:
    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            (lambda h: h.send_error(404), "answered 404 Not Found"),
            (lambda h: h.send_error(503), "answered 503 Service Unavailable"),
            (lambda h: send(h, b"<!DOCTYPE html><p>Log in"), "sent another file: a web page"),
            (lambda h: send(h, b"wrong body"), "sent another file: 10 bytes with sha256"),
            (lambda h: send(h, gzip.compress(b"x")), "sent another file: 1 bytes with sha256"),
            (lambda h: send(h, b""), "sent another file: 0 bytes"),
            (lambda h: send(h, gzip.compress(bytes(9))[:-9]), "bytes, and more should follow"),
            (lambda h: send(h, b"", length="9" * 15), "wants to send 999,999,999,999,999 bytes"),
            (lambda h: send(h, b"half", length="100"), "broke off after 4 of 100 bytes"),
            (lambda h: send(h, b"half", length="no"), "answered what is no HTTP"),
            (endless, "sent more than"),
            (redirect("file:///etc/passwd"), "redirects to what is no web address"),
            (redirect("ftp://127.0.0.1/x"), "redirects to what is no web address"),
            (redirect("data:,x"), "redirects to what is no web address"),
            (redirect("/train-images-idx3-ubyte.gz"), "redirects without end"),
            (lambda h: h.wfile.write(b"SSH-2.0-x\r\n\r\n"), "gave no answer"),
        ],
    )  # fmt: skip
    def test_each_is_said_and_nothing_is_left(
        self,
        server: Server,
        toy: Toy,
        get: Callable[..., Fetched],
        four_parts: Callable[..., None],
        tmp_path: Path,
        answer: object,
        said: str,
    ) -> None:
        server.answers[f"/{NAMES[0]}"] = answer  # type: ignore[assignment]
        with pytest.raises(CeterisError) as caught:
            get(server.address)
        four_parts(
            caught.value,
            what="Toy could not be fetched",
            received=said,
            expected=f"{NAMES[0]}, {NAMES[1]}",
            fix=str(tmp_path / "cache" / "downloads" / "toy"),
        )
        assert server.address in caught.value.received
        assert list(tmp_path.iterdir()) == []

    def test_a_server_that_stalls_is_left(
        self, server: Server, get: Callable[..., Fetched], tmp_path: Path
    ) -> None:
        server.answers[f"/{NAMES[0]}"] = _stalled(server)
        with pytest.raises(CeterisError) as caught:
            get(server.address, stalled_s=0.2)
        assert "sent nothing for 0.2 s" in caught.value.received
        assert list(tmp_path.iterdir()) == []

    def test_a_refused_connection(self, get: Callable[..., Fetched]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as held:
            port = held.getsockname()[1]
        with pytest.raises(CeterisError) as caught:
            get(f"http://127.0.0.1:{port}/")
        assert "refused the connection" in caught.value.received

    def test_a_name_without_address(self, get: Callable[..., Fetched]) -> None:
        with pytest.raises(CeterisError) as caught:
            get("http://nobody.invalid/")  # RFC 6761: this name never has one
        assert "cannot be found" in caught.value.received

    def test_what_came_before_the_failure_stays_and_is_not_fetched_again(
        self, server: Server, toy: Toy, get: Callable[..., Fetched]
    ) -> None:
        serve(server, toy)
        kept = server.answers.pop(f"/{NAMES[2]}")
        with pytest.raises(CeterisError, match="could not be fetched"):
            get(server.address)
        server.answers[f"/{NAMES[2]}"] = kept
        assert get(server.address).came == NAMES[2:]

    def test_a_wrong_body_does_not_replace_what_is_there(
        self, server: Server, toy: Toy, get: Callable[..., Fetched], tmp_path: Path
    ) -> None:
        serve(server, toy)
        folder = get(server.address).folder
        assert folder is not None
        (folder / NAMES[0]).write_bytes(b"an older file")
        server.answers[f"/{NAMES[0]}"] = b"wrong"
        with pytest.raises(CeterisError):
            get(server.address)
        assert (folder / NAMES[0]).read_bytes() == b"an older file"


class TestWhatPeopleDoWrong:
    @pytest.mark.parametrize(
        "address", ["file:///etc/", "ftp://example.org/", "example.org", "http://", "", "http://[", "http://a\n/"]
    )  # fmt: skip
    def test_a_mirror_must_be_a_web_address(
        self, toy: Toy, tmp_path: Path, four_parts: Callable[..., None], address: str
    ) -> None:
        assert not is_web_address(address)
        with pytest.raises(CeterisError) as caught:
            fetch("toy", cache=tmp_path, data_folder=None, mirror=address)
        four_parts(caught.value, what="a mirror is an address", fix="CETERIS_DATA")
        assert list(tmp_path.iterdir()) == []

    def test_an_account_is_said_with_what_to_put_where(
        self, tmp_path: Path, four_parts: Callable[..., None]
    ) -> None:
        with pytest.raises(CeterisError) as caught:
            fetch("fer2013", cache=tmp_path, data_folder=None)
        four_parts(
            caught.value,
            what="for those with an account",
            expected="fer2013.tar.gz or icml_face_data.csv",
            fix=f"put it into {tmp_path / 'downloads' / 'fer2013'}",
        )
        assert list(tmp_path.iterdir()) == []

    def test_ones_own_folder_is_not_fetched(
        self, tmp_path: Path, four_parts: Callable[..., None]
    ) -> None:
        with pytest.raises(CeterisError) as caught:
            fetch("folder", cache=tmp_path, data_folder=None)
        four_parts(caught.value, what="nothing to fetch", expected="mnist", fix="path = ...")

    def test_an_unknown_name(self, tmp_path: Path) -> None:
        with pytest.raises(CeterisError, match="there is no data set 'minst'"):
            fetch("minst", cache=tmp_path, data_folder=None)

    def test_an_unknown_name_is_told_what_can_be_fetched(
        self, tmp_path: Path, four_parts: Callable[..., None]
    ) -> None:
        with pytest.raises(CeterisError) as caught:
            fetch("imagenet", cache=tmp_path, data_folder=None)
        four_parts(caught.value, expected="one of cifar10, fashion-mnist, fer2013, mnist")
        assert not {"csv", "folder", "npz", "idx"} & set(caught.value.expected.split(", "))

    def test_wrong_files_in_the_data_folder_are_said_not_hidden(
        self, toy: Toy, tmp_path: Path
    ) -> None:
        toy.write(tmp_path / "data" / "toy", train_labels=gzip.compress(b"x"))
        with pytest.raises(CeterisError, match="is not the published file"):
            fetch("toy", cache=tmp_path / "cache", data_folder=tmp_path / "data")

    def test_a_cache_that_cannot_be_written(
        self, toy: Toy, tmp_path: Path, four_parts: Callable[..., None]
    ) -> None:
        (tmp_path / "cache").write_bytes(b"a file")
        with pytest.raises(CeterisError) as caught:
            fetch("toy", cache=tmp_path / "cache", data_folder=None, mirror="http://127.0.0.1/")
        four_parts(caught.value, what="nothing can be downloaded into", fix="permissions")
