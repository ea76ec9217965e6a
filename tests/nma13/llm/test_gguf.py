"""A broken model file is a sentence, never a crash: what is wrong is seen before C++ reads the file."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from nma13.llm import ModelFileBroken, ModelNotFound, open_model
from nma13.llm.gguf import read_header


@pytest.fixture(scope="module")
def head(gguf: Path) -> bytes:
    """The whole header and the first weights."""
    with gguf.open("rb") as file:
        return file.read(4_000_000)


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_a_sound_header_tells_size_and_context(gguf: Path) -> None:
    info = read_header(gguf)
    assert info.architecture == "llama"
    assert info.context == 8192
    assert 130_000_000 < info.parameters < 140_000_000
    assert info.size_bytes == gguf.stat().st_size


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"nowhere\.gguf"):
        open_model(f"llamacpp:{tmp_path}/nowhere.gguf")


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("empty", b"", "0 bytes"),
        ("magic", b"GGML" + bytes(200), "letters GGUF"),
        ("version", b"GGUF" + (99).to_bytes(4, "little") + bytes(200), "version 99"),
        ("no_tensors", b"GGUF" + (3).to_bytes(4, "little") + bytes(200), "0 tensors"),
        ("random", random.Random(7).randbytes(100_000), "letters GGUF"),
        (
            "random_header",
            b"GGUF\x03\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00"
            + random.Random(8).randbytes(100_000),
            "header",
        ),
    ],
)
def test_garbage_is_refused_in_words(name: str, data: bytes, says: str, tmp_path: Path) -> None:
    with pytest.raises(ModelFileBroken, match=says):
        open_model(f"llamacpp:{write(tmp_path / f'{name}.gguf', data)}")


def test_a_folder_is_no_model_file(tmp_path: Path) -> None:
    with pytest.raises(ModelFileBroken, match="folder"):
        open_model(f"llamacpp:{tmp_path}")


@pytest.mark.parametrize("length", [24, 100, 5_000, 1_000_000, 3_999_999])
def test_a_download_cut_off_anywhere_is_seen(length: int, head: bytes, tmp_path: Path) -> None:
    with pytest.raises(ModelFileBroken, match=r"cut|header|list"):
        read_header(write(tmp_path / "cut.gguf", head[:length]))


def test_a_file_short_by_one_block_is_seen(gguf: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelFileBroken, match="cut short"):
        read_header(write(tmp_path / "short.gguf", gguf.read_bytes()[:-20_000]))


def test_no_damage_to_the_header_does_more_than_refuse(head: bytes, tmp_path: Path) -> None:
    """Two hundred damaged headers: each is either still readable or refused, and each quickly."""
    dice = random.Random(11)
    for _ in range(200):
        damaged = bytearray(head[:200_000])
        for _ in range(dice.randint(1, 8)):
            damaged[dice.randrange(4, 3000)] = dice.randrange(256)
        with pytest.raises(ModelFileBroken):  # at the latest because the weights are not there
            read_header(write(tmp_path / "damaged.gguf", bytes(damaged)))


@pytest.mark.model
def test_a_sound_header_over_a_model_that_cannot_be_built_is_a_sentence_too(gguf: Path, tmp_path: Path) -> None:
    data = bytearray(gguf.read_bytes())
    at = data.find(b"llama.embedding_length") + len(b"llama.embedding_length") + 4
    data[at : at + 4] = (577).to_bytes(4, "little")
    with pytest.raises(ModelFileBroken, match="cannot load"):
        open_model(f"llamacpp:{write(tmp_path / 'odd.gguf', bytes(data))}")
