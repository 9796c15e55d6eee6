"""`bot.matching`: a question finds its topic, and a question without an answer gets none."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from bot import matching
from bot.faq import Faq, Words
from bot.matching import (
    SMALL_TALK,
    Ambiguous,
    Calibration,
    Certain,
    Matcher,
    Unknown,
    Verdict,
    matcher_for,
    phrasings_of,
)
from tests.conftest import any_text


def answered(matcher: Matcher, text: str) -> str | None:
    """The topic that a message would be answered with."""
    verdict = matcher.verdict(text)
    return verdict.labels[0] if isinstance(verdict, Certain) and not verdict.labels[0].startswith(SMALL_TALK) else None


# --- the shipped content -----------------------------------------------------------------------------------------------


def test_every_canonical_question_is_answered_with_its_own_topic(faq: Faq, matcher: Matcher) -> None:
    assert [(one.id, one.questions[0]) for one in faq.topics if answered(matcher, one.questions[0]) != one.id] == []


def test_every_title_finds_its_own_topic_first(faq: Faq, matcher: Matcher) -> None:
    for one in faq.topics:
        best = matcher.verdict(one.title).ranking[0][0]
        assert faq.intent(best) == faq.intent(one.id), one.title


def test_a_question_at_the_end_of_a_very_long_story_is_found(matcher: Matcher) -> None:
    story = "I have painted the kitchen chairs green and the neighbour lent me a ladder. " * 30
    assert matcher.verdict(f"{story} How long does withdrawal last?").ranking[0][0] == "timeline"


def test_a_question_among_sentences_about_something_else_is_answered(matcher: Matcher) -> None:
    story = "My sister came over on sunday with her kids. We had pasta and watched the game till late."
    assert answered(matcher, f"{story} How long does withdrawal last? Anyway, it rained.") == "timeline"
    assert answered(matcher, "My teenager vapes. How do I find help for that?") is None, "that is no part of this FAQ"


def test_of_a_very_long_run_on_only_the_end_is_compared(matcher: Matcher) -> None:
    end = "how long does withdrawal last " * 40
    assert matcher.verdict(f"methadonne suboxonne {end}").ranking == matcher.verdict(f"acupuncture {end}").ranking


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("How. Long. Does. The. Heroin. Withdrawal. Really. Last. Please.", "timeline"),
        ("Does\nmethadone\nmake\nyou\nsweat\nat\nnight\nor\nwhat", "methadone"),
    ],
)
def test_a_question_of_many_one_word_sentences_is_read_whole(matcher: Matcher, text: str, topic: str) -> None:
    assert matcher.verdict(text).ranking[0][0] == topic


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("how long dos herion withdrawl last", "timeline"),
        ("am i gonna be sick for weeks", "timeline"),
        ("does acupuncture do anything", "alternative_therapies"),
        ("will i use again", "relapse"),
        ("HOW LONG DOES HEROIN WITHDRAWAL LAST???", "timeline"),
        ("hw lng does heroin withdrawl last", "timeline"),
        ("does accupuncture help", "alternative_therapies"),
    ],
)
def test_a_question_as_people_type_it_is_answered(faq: Faq, matcher: Matcher, text: str, topic: str) -> None:
    assert answered(matcher, text) == topic


def test_a_question_inside_a_story_is_found(matcher: Matcher) -> None:
    story = (
        "Hello. My name is of no matter. I worked nights for ten years. How long does heroin withdrawal last? Thanks."
    )
    assert matcher.verdict(story).ranking[0][0] == "timeline"


@pytest.mark.parametrize(
    "text",
    [
        "what's the weather",
        "how long?",
        "why",
        "is it dangerous",
        "how do i cook rice",
        "who won the match on saturday",
        "translate this into french",
        "qwertz uiop",
        "",
        "🙂",
        "42",
    ],
)
def test_a_message_that_asks_nothing_the_faq_knows_is_never_answered(matcher: Matcher, text: str) -> None:
    assert answered(matcher, text) is None


@pytest.mark.parametrize("text", ["how long?", "why", "is it dangerous", "How LONG??", "and then"])
def test_a_follow_up_is_recognised_as_one(matcher: Matcher, text: str) -> None:
    verdict = matcher.verdict(text)
    assert isinstance(verdict, Unknown)
    assert verdict.follow_up


def test_an_unrelated_question_is_no_follow_up(matcher: Matcher) -> None:
    verdict = matcher.verdict("what's the weather")
    assert isinstance(verdict, Unknown)
    assert not verdict.follow_up


@pytest.mark.parametrize(
    ("text", "topic", "never"),
    [
        ("what does naloxone do", "naloxone", "naltrexone"),
        ("what does naltrexone do", "naltrexone", "naloxone"),
        ("is clonidine used for withdrawal", "clonidine_lofexidine", ""),
        ("is methadone good for withdrawal", "methadone", ""),
        ("naloxne", "naloxone", "naltrexone"),
        ("naltrexne", "naltrexone", "naloxone"),
    ],
)
def test_a_medicine_is_not_taken_for_one_that_looks_alike(matcher: Matcher, text: str, topic: str, never: str) -> None:
    ranking = [label for label, _ in matcher.verdict(text).ranking]
    assert ranking[0] == topic
    assert answered(matcher, text) != never


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("meth", "methadone"),
        ("is meth addictive", "methadone"),
        ("how long does meth stay in the body", "methadone"),
        ("clonazepam", "clonidine_lofexidine"),
        ("can i take clonazepam", "clonidine_lofexidine"),
        ("clonazepm", "clonidine_lofexidine"),
        ("nalaxone or naltraxone", ""),
    ],
)
def test_a_drug_without_a_topic_does_not_get_its_look_alike_s_answer(matcher: Matcher, text: str, never: str) -> None:
    assert answered(matcher, text) != never


def slips(word: str) -> Iterator[str]:
    """The word with a letter left out, doubled, or swapped with the next."""
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]
        yield word[:at] + word[at] + word[at:]
        yield word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]


def test_no_slip_of_the_finger_turns_a_word_into_its_look_alike(faq: Faq, matcher: Matcher) -> None:
    assert faq.words.distinct
    for group in faq.words.distinct:
        for word in group:
            others = set(group) - {word}
            for typed in set(slips(word)) - others:
                assert others.isdisjoint(matcher.read(typed).words), typed


def test_a_misspelled_word_is_put_right_and_reported(matcher: Matcher) -> None:
    reading = matcher.read("does buprenorphne help? is methadonne good")
    assert dict(reading.repairs) == {"buprenorphne": "buprenorphine", "methadonne": "methadone"}
    assert len(reading.sentences) == 2
    assert {"buprenorphine", "methadone"} <= set(reading.words)


def test_a_word_is_put_right_as_people_write_it_and_not_cut_to_its_stem(matcher: Matcher) -> None:
    assert dict(matcher.read("is acupunctuer good").repairs) == {"acupunctuer": "acupuncture"}


def test_an_ordinary_word_is_not_repaired_into_one_of_another_subject(matcher: Matcher) -> None:
    assert "price" not in matcher.read("how do i cook rice").words


def test_a_slip_that_fits_two_look_alikes_equally_well_is_left_alone() -> None:
    phrasings = {"shop": ["carry a basket"], "church": ["carry a casket"]}
    guarded = Matcher(phrasings, Words(distinct=(("basket", "casket"),)))
    assert guarded.read("carry a dasket").words == ("carry", "a", "dasket")
    assert guarded.read("carry a baskett").words == ("carry", "a", "basket")
    assert Matcher(phrasings, Words()).read("carry a dasket").words != ("carry", "a", "dasket")


def test_known_short_and_strange_words_are_left_alone(matcher: Matcher) -> None:
    text = "help abc 123456 xyzzyplugh"
    assert matcher.read(text).repairs == ()
    assert matcher.read(text).words == tuple(text.split())


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("my son is sick", True),
        ("how do i help her", True),
        ("my best friend uses", True),
        ("i am sick", False),
        ("my head hurts", False),
        ("", False),
    ],
)
def test_a_message_about_somebody_else_is_noticed(matcher: Matcher, text: str, other: bool) -> None:
    assert matcher.speaks_of_other(matcher.read(text)) is other


@given(text=any_text)
def test_any_text_gets_a_verdict_with_a_confidence_between_0_and_1(faq: Faq, matcher: Matcher, text: str) -> None:
    verdict = matcher.verdict(text)
    assert 0 <= verdict.confidence <= 1
    assert all(faq.topic(label) for label, _ in verdict.ranking)
    first, *scores = [score for _, score in verdict.ranking] or [0.0]
    assert scores == sorted(scores, reverse=True)
    # A part that is nearly as likely stands before the wider topic that leads.
    assert first > max(scores, default=first) - matching.PART_LEAD - 0.0001
    if isinstance(verdict, Ambiguous):
        assert 0 < len(verdict.labels) <= 3
    if isinstance(verdict, Certain):
        long = len(verdict.reading.words) >= matching.LONG_FROM
        assert verdict.confidence >= (matching.ANSWER_LONG_AT if long else matching.ANSWER_AT)


@given(text=any_text)
def test_the_same_text_gets_the_same_verdict(matcher: Matcher, text: str) -> None:
    assert matcher.verdict(text) == matcher.verdict(text)


# --- a small FAQ -------------------------------------------------------------------------------------------------------

PHRASINGS = {
    "opening": ["when are you open", "opening times on sunday", "what time do you close", "open on holidays", "hours"],
    "card": ["how do i get a card", "what does membership cost", "can my child join", "i lost my card", "register"],
    "fines": ["what if a book is late", "how much are the fines", "my book is overdue", "extend a loan", "renew"],
    "/greeting": ["hello", "good morning", "hi there"],
    "/out_of_scope": ["who won the football match", "tell me a joke", "the capital of peru"],
}


def sure(matcher: Matcher, confidence: float) -> Matcher:
    """A matcher that scores like this one and is always equally sure of it."""
    odds = math.log(confidence / (1 - confidence)) if 0 < confidence < 1 else math.copysign(30, confidence - 0.5)
    flat = replace(matcher.fitted, calibration=Calibration(bias=odds, score=0))
    return Matcher(PHRASINGS, Words(), fitted=flat)


@pytest.fixture(scope="module")
def small() -> Matcher:
    return Matcher(PHRASINGS, Words(function_words=("the", "a", "is", "and", "how"), follow_ups=("what about it",)))


def test_solving_in_blocks_gives_the_same_weights_as_solving_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "BLOCK", 5)
    in_blocks = Matcher(PHRASINGS, Words()).fitted

    def unsolvable(*_: object) -> None:
        raise np.linalg.LinAlgError

    monkeypatch.setattr(matching, "_factor", unsolvable)
    at_once = Matcher(PHRASINGS, Words()).fitted
    assert in_blocks.dual == pytest.approx(at_once.dual, abs=1e-3)
    assert in_blocks.calibration.score == pytest.approx(at_once.calibration.score, abs=1e-2)


def test_many_rows_of_few_words_which_no_cholesky_solves_are_learned_all_the_same() -> None:
    colours = ["red", "blue", "green", "white"]
    rows = [words for length in (4, 5) for words in itertools.product(colours, repeat=length)]
    phrasings = {name: [" ".join(words) for words in rows[at::8]] for at, name in enumerate("abcdefgh")}
    learned = Matcher(phrasings, Words())
    assert np.isfinite(learned.fitted.dual).all()
    assert learned.verdict(phrasings["a"][0]).ranking


def test_a_phrasing_is_answered_and_small_talk_is_recognised(small: Matcher) -> None:
    assert answered(small, "opening times on sunday") == "opening"
    verdict = small.verdict("good morning")
    assert isinstance(verdict, Certain)
    assert verdict.labels == ("/greeting",)
    assert all(not label.startswith(SMALL_TALK) for label, _ in verdict.ranking)


def test_what_is_out_of_scope_is_unknown_with_little_confidence(small: Matcher) -> None:
    verdict = small.verdict("tell me a joke")
    assert isinstance(verdict, Unknown)
    assert verdict.confidence <= 0.1


def test_only_words_without_meaning_are_a_follow_up(small: Matcher) -> None:
    for text in ("how is the", "what about it"):
        verdict = small.verdict(text)
        assert isinstance(verdict, Unknown)
        assert verdict.follow_up


@pytest.mark.parametrize(
    ("confidence", "kind"),
    [(0.0, Unknown), (0.149, Unknown), (0.151, Ambiguous), (0.649, Ambiguous), (0.651, Certain), (1.0, Certain)],
)
def test_the_confidence_alone_decides_between_answering_asking_and_passing(
    small: Matcher, confidence: float, kind: type[Verdict]
) -> None:
    verdict = sure(small, confidence).verdict("what does a card cost")
    assert isinstance(verdict, kind)
    assert verdict.confidence == pytest.approx(confidence, abs=1e-6)
    assert verdict.ranking[0][0] == "card"


def test_a_question_that_is_asked_back_names_at_most_three_topics_best_first(small: Matcher) -> None:
    verdict = sure(small, 0.3).verdict("my card is late on sunday")
    assert isinstance(verdict, Ambiguous)
    assert verdict.labels == tuple(label for label, score in verdict.ranking if score > 0)[:3]
    assert set(verdict.labels) <= {"opening", "card", "fines"}


def test_the_calibration_is_a_probability_that_grows_with_the_score() -> None:
    curve = Calibration(bias=-2, score=5)
    assert 0 < curve.probability(0, 9) < curve.probability(0.2, 9) < curve.probability(0.4, 9) < 1
    assert 0 <= curve.probability(-1e6, 9) <= curve.probability(1e6, 9) <= 1


def test_the_same_score_says_more_of_a_long_message_up_to_the_longest_that_was_learned_from() -> None:
    curve = Calibration(bias=-2, score=5, length=0.5, longest=40)
    assert curve.probability(0.3, 5) < curve.probability(0.3, 20) < curve.probability(0.3, 40)
    assert curve.probability(0.3, 40) == curve.probability(0.3, 400)
    assert curve.probability(0.3, 0) == curve.probability(0.3, 1)


def test_an_explanation_names_the_nearest_phrasing_and_the_words_it_shares(small: Matcher) -> None:
    explanation = small.explain("my books are overdue")
    label, phrasing, cosine, shared = explanation.nearest[0]
    assert (label, phrasing) == ("fines", "my book is overdue")
    assert 0 < cosine <= 1.001
    assert {"book", "overdue"} <= set(shared)
    assert "is" not in shared
    assert explanation.verdict == small.verdict("my books are overdue")


def test_phrasings_that_cannot_be_told_apart_are_listed() -> None:
    matcher = Matcher({"a": ["where is it", "red"], "b": ["where is it!", "blue"]}, Words())
    (pair,) = matcher.lookalikes(0.97)
    assert (pair[0], pair[1]) == (("a", "where is it"), ("b", "where is it!"))
    assert pair[2] == pytest.approx(1, abs=0.001)


@pytest.mark.parametrize("phrasings", [{"a": ["hello world"]}, {"a": ["x"], "b": ["y"]}, {"/greeting": ["hello"]}])
def test_an_faq_too_small_to_learn_from_still_works(phrasings: dict[str, list[str]]) -> None:
    matcher = Matcher(phrasings, Words())
    for label, texts in phrasings.items():
        verdict = matcher.verdict(texts[0])
        assert 0 <= verdict.confidence <= 1
        if not label.startswith(SMALL_TALK):
            assert verdict.ranking[0][0] == label
    assert isinstance(matcher.verdict("entirely different words"), Unknown)


def test_parts_of_a_wider_topic_speak_for_each_other() -> None:
    phrasings = {
        "lending": ["how long may i keep a book", "how many books may i borrow"],
        "renewing": ["can i renew a book", "may i keep a book longer"],
        "hours": ["when do you open", "when do you close"],
    }
    apart = Matcher(phrasings, Words())
    together = Matcher(phrasings, Words(), {"renewing": "lending"})
    reading = apart.read("may i keep a book")
    gain = together.scores(reading) - apart.scores(reading)
    assert gain[:2] == pytest.approx([apart.scores(reading)[:2].min() / 2] * 2, abs=1e-5)
    assert gain[2] == pytest.approx(0, abs=1e-6)


def test_a_part_that_is_nearly_as_likely_as_its_wider_topic_is_what_was_asked() -> None:
    phrasings = {
        "lending": ["how long may i keep a book", "how many books may i borrow", "borrow a book", "keep a book"],
        "renewing": ["may i keep a book longer"],
        "hours": ["when do you open", "when do you close"],
    }
    apart, together = Matcher(phrasings, Words()), Matcher(phrasings, Words(), {"renewing": "lending"})
    asked = "may i keep one book long"
    lending, renewing, _ = apart.scores(apart.read(asked))
    assert lending - matching.PART_LEAD < renewing < lending, "the question is one that only the lead decides"
    assert apart.verdict(asked).ranking[0][0] == "lending"
    assert together.verdict(asked).ranking[0][0] == "renewing"
    assert together.verdict("how many books may i borrow").ranking[0][0] == "lending"


def test_small_talk_alone_never_becomes_a_topic() -> None:
    matcher = Matcher({"/thanks": ["thank you"], "/greeting": ["hello"]}, Words())
    verdict = matcher.verdict("zebra crossing ahead")
    assert isinstance(verdict, Unknown)
    assert verdict.ranking == ()


def test_what_was_learned_can_be_given_to_a_new_matcher(small: Matcher) -> None:
    again = Matcher(PHRASINGS, Words(function_words=("the", "a", "is", "and", "how")), fitted=small.fitted)
    for text in ("open sunday", "book overdue", "good morning"):
        assert again.verdict(text) == small.verdict(text)


def test_more_phrasings_than_can_be_solved_exactly_are_still_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "EXACT_UP_TO", 10)
    monkeypatch.setattr(matching, "LANDMARKS", 20)
    matcher = Matcher(PHRASINGS, Words())
    for label in ("opening", "card", "fines"):
        for text in PHRASINGS[label]:
            assert matcher.verdict(text).ranking[0][0] == label, text


def test_the_matcher_of_an_faq_learns_titles_keywords_and_small_talk(library: Faq) -> None:
    phrasings = phrasings_of(library)
    assert "Opening hours" in phrasings["opening"]
    assert any("hours" in text.split() for text in phrasings["opening"])
    assert "/greeting" in phrasings
    assert "/out_of_scope" not in phrasings, "nobody wrote an example"
    assert matcher_for(library).labels == tuple(phrasings)


def test_ordinary_words_of_the_faq_are_its_vocabulary(small: Matcher) -> None:
    assert {"sunday", "membership", "the"} <= small.vocabulary
    assert "zebra" not in small.vocabulary


def test_a_word_with_a_figure_in_it_is_a_word() -> None:
    matcher = Matcher({"m30": ["m30", "are m30s fent"], "long": ["how long does it last"]}, Words())
    assert matcher.verdict("m30").ranking[0][0] == "m30"
    assert matcher.verdict("15") == Unknown(0.0, (), matcher.read("15"))


def test_parts_of_a_single_topic_are_not_answered_to_anything() -> None:
    phrasings = {
        "car": [f"question on {word} cars" for word in ("red", "blue", "green", "black", "white")],
        "place": [f"where is the {word}" for word in ("door", "wall", "lamp", "desk", "chair")],
        "shop": [f"who sells {word}" for word in ("milk", "bread", "eggs", "tea", "salt")],
    }
    matcher = Matcher(phrasings, Words(), {"place": "car", "shop": "car"})
    assert isinstance(matcher.verdict("zebra quantum"), Unknown)
    assert isinstance(matcher.verdict("who sells tea"), Certain)


def test_words_too_short_to_be_put_right_leave_room_for_those_that_are_not(faq: Faq, matcher: Matcher) -> None:
    short = " ".join(["qz"] * (matching.TRIED_AT_MOST + 1))
    assert matcher.read(f"{short} methdone").words[-1] == "methadone"


def test_a_calibration_never_falls_with_the_score() -> None:
    assert matching._calibrate([(0.1, True, 3), (0.8, False, 3)] * 5, 0.3) == matching.UNFITTED
