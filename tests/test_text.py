"""`bot.text`: two spellings of one question become equal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from bot.faq import Faq, Words
from bot.text import MESSAGE_LIMIT, WORD_LIMIT, Normaliser, Spellings, contains_any, fold, stem
from tests.conftest import any_text

WORDS = Words(
    contractions={"don't": "do not", "im": "i am"},
    shorthand={"u": "you", "ppl": "people"},
    concepts={"how_long": ("how long", "how many days"), "time": ("days", "long"), "nothing": ("…",)},
)


@pytest.fixture
def normaliser() -> Normaliser:
    return Normaliser(WORDS)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("HELLO Straße", "hello strasse"),
        ("café", "cafe"),
        ("cafe\u0301", "cafe"),
        ("ｈｅｌｌｏ", "hello"),
        ("he\u200bllo", "hello"),
        ("hellooooo", "helloo"),
        ("don’t don't don`t", "dont dont dont"),
        ("h e l l o", "hello"),
        ("h.e.l.l.o there", "hello there"),
        ("h3r0in", "heroin"),
        ("a$$istance", "assistance"),
    ],
)
def test_ways_of_writing_one_word_become_one(typed: str, meant: str) -> None:
    assert fold(typed) == meant


@pytest.mark.parametrize("text", ["12 hours", "24h", "m30", "i am 17", "7 4 3", "a b c"])
def test_numbers_and_short_rows_of_letters_stay_as_they_are(text: str) -> None:
    assert fold(text) == text


def test_what_is_beyond_the_longest_message_is_not_read() -> None:
    assert len(fold("ab " * MESSAGE_LIMIT)) <= MESSAGE_LIMIT
    assert "end" not in fold("ab " * (MESSAGE_LIMIT // 3 + 1) + "end")


def test_contractions_and_shorthand_are_written_out(normaliser: Normaliser) -> None:
    assert normaliser.words("Im sure u DON’T") == ["i", "am", "sure", "you", "do", "not"]


def test_shorthand_is_known_by_digits_for_letters_but_a_number_is_a_number() -> None:
    small = Normaliser(Words(shorthand={"od": "overdose", "i": "myself", "io": "input"}))
    assert small.words("0d, 1 and 10") == ["overdose", "1", "and", "10"]


def test_sentences_end_at_marks_and_lines_but_not_inside_numbers(normaliser: Normaliser) -> None:
    assert normaliser.sentences("One. Two!three\nfour… 2.5 hours?") == [
        ["one"],
        ["two"],
        ["three"],
        ["four"],
        ["2", "5", "hours"],
    ]


@pytest.mark.parametrize("text", ["", "   ", "?!", "🙂🙂", "…\n…"])
def test_a_message_without_words_has_no_sentences(normaliser: Normaliser, text: str) -> None:
    assert normaliser.sentences(text) == []


def test_the_longest_phrase_names_the_concept_and_phrases_do_not_overlap(normaliser: Normaliser) -> None:
    def concepts(text: str) -> list[str]:
        return normaliser.concepts([stem(word) for word in normaliser.words(text)])

    assert concepts("for how long") == ["how_long"]
    assert concepts("how many days") == ["how_long"]
    assert concepts("how many long days") == ["time", "time"]
    assert concepts("something else") == []


def test_endings_do_not_separate_words() -> None:
    assert stem("withdrawals") == stem("withdrawal")
    assert stem("breathing") == stem("breathe")


def test_the_vocabulary_holds_what_the_words_name(normaliser: Normaliser) -> None:
    assert {"long", "how"} <= normaliser.vocabulary()


def test_phrases_are_found_as_neighbours_in_order() -> None:
    words = ["my", "best", "friend", "is"]
    assert contains_any(words, ["other", "best friend"])
    assert contains_any(words, ["is"])
    assert not contains_any(words, ["friend best", "my friend"])
    assert not contains_any([], ["my"])
    assert not contains_any(words, [])


@given(text=any_text)
def test_any_text_becomes_lower_case_words_without_spaces(faq: Faq, text: str) -> None:
    normaliser = Normaliser(Words(contractions=faq.words.contractions, shorthand=faq.words.shorthand))
    for word in normaliser.words(text):
        assert word
        assert not any(char.isspace() for char in word)
    assert all(normaliser.sentences(text))


@given(text=any_text)
def test_case_does_not_matter_to_ascii(text: str) -> None:
    plain = text.encode("ascii", "ignore").decode()
    assert fold(plain.upper()) == fold(plain.lower())


def test_a_word_of_thousands_of_letters_is_cut(normaliser: Normaliser) -> None:
    (word,) = normaliser.words("ab" * 2000)
    assert len(word) == WORD_LIMIT


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("¿Cuánto dura el síndrome?", True),
        ("wie lange dauert das", True),
        ("сколько длится", True),
        ("كم يوم", True),
        ("how long does it last", False),
        ("la la la", False),
        ("my friend José is wie he was", False),
        ("", False),
        ("👍 123", False),
    ],
)
def test_a_message_in_another_language_is_noticed(text: str, other: bool) -> None:
    spoken = Normaliser(Words(other_languages=("cuánto", "dura", "el", "wie", "lange", "das")))
    assert spoken.is_other_language(text) is other


SHORT = st.text("abcdeé1", min_size=1, max_size=7)


@given(words=st.lists(SHORT, max_size=20), typed=SHORT, edits=st.integers(0, 3))
def test_no_word_that_may_have_been_meant_is_left_out(words: list[str], typed: str, edits: int) -> None:
    near = set(Spellings(words).near(typed, edits))
    assert {word for word in words if OSA.distance(word, typed) <= edits} <= near


def test_words_of_other_letters_are_not_compared() -> None:
    assert list(Spellings(["symptoms", "methadone", "sleep"]).near("symtoms", 1)) == ["symptoms"]


def test_an_apostrophe_before_a_second_d_is_an_ending() -> None:
    assert fold("She OD'd, I'd say, he'd know") == "she oded, id say, hed know"
    assert fold("od’d") == "oded"
