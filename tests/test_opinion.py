"""`bot.opinion`: a small classifier that learns from labelled messages, and scores whatever it is given."""

from hypothesis import given

from bot.faq import Words
from bot.opinion import Opinion, fit
from bot.text import Normaliser
from tests.conftest import any_text

NORMALISER = Normaliser(Words())
EXAMPLES = {
    "fire": ["the shelf is burning", "smoke and flames in the hall", "flames on the roof", "the curtain is burning"],
    "flood": ["water is coming in", "the cellar is full of water", "water up to my knees", "the hall is under water"],
    "none": [
        "when do you open",
        "a book about fire",
        "where is the tap water",
        "can i renew my card",
        "my card is lost",
    ],
}
KINDS = {"shelf": "<furniture>", "curtain": "<furniture>", "sofa": "<furniture>"}
OPINION = Opinion(fit(EXAMPLES, {"danger": ["fire", "flood"]}, NORMALISER, KINDS))


def scores(text: str) -> dict[str, float]:
    """What the opinion says of a text."""
    return OPINION.scores(NORMALISER.sentences(text))


def test_examples_are_told_apart() -> None:
    for label, texts in EXAMPLES.items():
        for text in texts:
            said = scores(text)
            assert (said["danger"] > 0) == (label != "none"), text
            if label != "none":
                assert max(("fire", "flood"), key=said.__getitem__) == label, text


def test_a_new_message_goes_with_what_it_is_like() -> None:
    said = scores("the roof is burning, flames everywhere")
    assert said["fire"] > said["flood"]
    assert said["danger"] > scores("where can i renew a book")["danger"]


def test_a_misspelling_is_understood_by_its_letters() -> None:
    assert scores("the curtain is burnin")["fire"] > scores("the curtain is burnin")["flood"]


def test_a_word_of_the_same_kind_says_the_same() -> None:
    assert scores("the sofa is")["danger"] > scores("the carrot is")["danger"]


def test_words_that_stand_apart_are_known_as_a_pair() -> None:
    flood = ["the cellar all stands full now", "the cellar so stands full now"]
    none = ["the full all stands cellar now", "the full so stands cellar now"]
    opinion = Opinion(fit({"flood": flood, "none": none}, {"danger": ["flood"]}, NORMALISER, {}))

    # The same words with strangers between them: no two are neighbours.
    right, turned = "cellar xx yy full", "full xx yy cellar"

    assert opinion.scores(NORMALISER.sentences(right)) != opinion.scores(NORMALISER.sentences(turned))


def test_the_strongest_sentence_of_a_story_is_found() -> None:
    story = "when do you open. my card is lost. flames on the roof. where is the tap water"
    assert OPINION.strongest(NORMALISER.sentences(story), "danger", 3)["fire"] == scores("flames on the roof")["fire"]


def test_one_sentence_alone_is_no_story() -> None:
    assert OPINION.strongest(NORMALISER.sentences("flames on the roof"), "danger", 3) == {}
    assert OPINION.strongest([], "danger", 3) == {}


def test_what_holds_nothing_known_is_no_danger() -> None:
    assert scores("")["danger"] < 0
    assert scores("xyzzy qqq")["danger"] < 0


def test_the_same_examples_teach_the_same() -> None:
    again = fit(EXAMPLES, {"danger": ["fire", "flood"]}, NORMALISER, KINDS)
    assert (again.weights == OPINION.learned.weights).all()


def test_a_class_without_examples_scores_low() -> None:
    learned = fit({"none": ["a b c", "a b d", "b c d"]}, {"danger": ["fire"]}, NORMALISER, {})
    assert Opinion(learned).scores([["a", "b", "c"]])["fire"] <= 0


def test_examples_that_have_nothing_in_common_teach_nothing() -> None:
    learned = fit({"fire": ["xyzzy"], "none": ["qwert"]}, {"danger": ["fire"]}, NORMALISER, {})
    assert set(Opinion(learned).scores([["something", "else"]])) == {"danger", "fire"}


@given(text=any_text)
def test_any_text_gets_a_score_on_every_scale(text: str) -> None:
    said = scores(text)
    assert set(said) == {"danger", "fire", "flood"}
    assert all(-50 < score < 50 for score in said.values())
