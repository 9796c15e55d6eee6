"""What words mean: near for like meanings, nothing for strange words, and the short way says what the long one says."""

import numpy as np

from bot import content
from bot.matching import MEANING_SHARE, MEANING_SHARE_OF_FEW, Matcher
from bot.meaning import PRODUCTS, WIDTH, centre_of, forms_of, likeness, meaning, products, turned


def cosine(one: str, two: str) -> float:
    centre = np.zeros(WIDTH, dtype=np.float32)
    a, b = (turned(meaning(text.split()), centre) for text in (one, two))
    return float(a @ b)


def test_words_of_like_meaning_are_nearer_than_others() -> None:
    assert cosine("sleep", "insomnia") > 0.5
    assert cosine("sleep", "insomnia") > cosine("sleep", "invoice") + 0.3
    assert cosine("doctor", "physician") > cosine("doctor", "bicycle") + 0.3


def test_strange_words_mean_nothing_and_change_nothing() -> None:
    assert not meaning(["qqzzxxw", "vlorbix"]).any()
    assert not meaning([]).any()
    assert (meaning(["sleep", "vlorbix"]) == meaning(["sleep"])).all()


def test_what_means_nothing_stays_nothing_from_any_centre() -> None:
    centre = np.full(WIDTH, 0.1, dtype=np.float32)
    assert not turned(meaning([]), centre).any()


def test_two_examples_do_not_become_opposites() -> None:
    rows = np.stack([meaning(["sleep"]), meaning(["money"])])
    one, two = turned(rows, centre_of(rows))
    assert abs(float(one @ two)) < 0.5


def test_what_is_kept_of_many_examples_says_what_they_say_one_by_one() -> None:
    texts = ["cannot sleep", "legs ache", "where to call", "what does it cost", "how long"]
    rows = np.stack([meaning(text.split()) for text in texts])
    units = turned(rows, centre_of(rows))
    shares = np.array([[1.0, 0.0], [0.5, -1.0], [0.0, 2.0], [0.3, 0.3], [-0.2, 1.0]], dtype=np.float32)
    one_by_one = (units @ units.T) ** 2 @ shares
    kept = np.stack([forms_of(units, shares) @ products(unit) for unit in units])
    assert kept.shape == (5, 2)
    assert np.allclose(kept, one_by_one, atol=1e-5)
    assert np.allclose(likeness(units, shares), one_by_one, atol=1e-5)


def test_the_shipped_table_fits_the_code_and_holds_each_word_once() -> None:
    words, vectors, scale = content.word_vectors()
    assert vectors.shape == (len(scale), WIDTH) == (len(words), WIDTH)
    assert len(set(words)) == len(words)
    assert PRODUCTS == WIDTH * (WIDTH + 1) // 2


def test_a_question_that_shares_no_word_with_its_topic_has_it_first() -> None:
    phrasings = {
        "sleep": ["i cannot sleep", "help with insomnia", "awake all night"],
        "money": ["what does it cost", "is it free", "can i afford it"],
        "place": ["where is a clinic", "address of a hospital", "a clinic near me"],
    }
    matcher = Matcher(phrasings, content.load().words)
    for text, label in (
        ("drowsy but sleepless", "sleep"),
        ("expensive price", "money"),
        ("location of doctors", "place"),
    ):
        assert matcher.verdict(text).ranking[0][0] == label


def test_the_fewer_phrasings_the_more_their_meaning_counts() -> None:
    words = content.load().words
    few = Matcher({"sleep": ["i cannot sleep"], "money": ["is it free"]}, words)
    many = Matcher({name: [f"{name} is asked {at} times" for at in range(40)] for name in ("sleep", "money")}, words)
    assert few.fitted.index.meaning_share == MEANING_SHARE_OF_FEW
    assert MEANING_SHARE < many.fitted.index.meaning_share < MEANING_SHARE + 0.01
