"""`bot.replies`: what the bot says is complete, fits on a phone, and danger stands alone."""

import itertools
import re
from datetime import date

import pytest

from bot import content
from bot.conversation import Command, Conversation
from bot.faq import Emergency, Faq, Refusal
from bot.replies import Button, Rated, Reply, Writer, plain, spans
from tests.conftest import TOPIC, Write


def units(text: str) -> int:
    """Length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


def buttons(reply: Reply) -> list[Button]:
    return [button for row in reply.rows for button in row]


def actions(reply: Reply) -> list[str]:
    return [button.action for button in buttons(reply) if button.action]


def fits(reply: Reply) -> None:
    """What Telegram takes: one message, button data of 64 bytes, 256 characters to copy, buttons of one kind."""
    assert 0 < units(plain(reply)) <= 4096
    for button in buttons(reply):
        assert button.label
        assert bool(button.action) != bool(button.copy)
        assert len(button.action.encode()) <= 64
        assert len(button.copy) <= 256
        assert len(button.label) <= 64
    assert "{" not in plain(reply)


@pytest.fixture(params=[False, True], ids=["uncounted", "counted"])
def writer(faq: Faq, request: pytest.FixtureRequest) -> Writer:
    return Writer(faq, ratings=request.param)


@pytest.fixture
def small(library: Faq) -> Writer:
    return Writer(library)


# --- the shipped replies -------------------------------------------------------------------------------------------------


def test_every_answer_fits_into_one_message(faq: Faq, writer: Writer) -> None:
    for topic in faq.topics:
        for family in (False, True):
            fits(writer.answer(topic, family=family, notice=writer.soft_check()))
        if topic.sources:
            fits(writer.sources(topic))


def test_two_answers_in_one_message_fit(faq: Faq, writer: Writer) -> None:
    longest = sorted(faq.topics, key=lambda topic: len(topic.answer) + len(topic.danger or ""))[-2:]
    fits(writer.answers(longest, notice=writer.soft_check()))


def test_every_other_reply_fits_into_one_message(faq: Faq, writer: Writer) -> None:
    for reply in (
        writer.unknown(notice=writer.soft_check()),
        writer.suggest(faq.topics, notice=writer.soft_check()),
        writer.none_of_these(),
        writer.follow_up(),
        writer.complaint(notice=writer.soft_check()),
        writer.start(),
        writer.greeting(),
        writer.thanks(),
        writer.help(),
        writer.privacy(),
        writer.about(),
        writer.helpline(),
        writer.topics(),
        writer.unknown_command(),
        writer.stale_button(),
        writer.media(),
        writer.failure(),
        writer.emergency_menu(),
        *(writer.theme(theme.id) for theme in faq.themes),
        *(writer.refusal(refusal, notice=writer.soft_check()) for refusal in faq.safety.refusals),
    ):
        fits(reply)


def test_every_emergency_and_any_two_at_once_fit_into_one_message(faq: Faq, writer: Writer) -> None:
    for emergency in faq.safety.emergencies:
        fits(writer.emergency(emergency))
        fits(writer.again(emergency, faq.safety.emergencies[:2], faq.topics[:2]))
        fits(writer.reminded(emergency, writer.helpline()))
    for pair in itertools.combinations(faq.safety.emergencies, 2):
        fits(writer.emergency(*pair))


def test_every_answer_closes_with_numbers_to_call(faq: Faq, writer: Writer) -> None:
    for topic in faq.topics:
        prompt = writer.answer(topic).prompt
        assert faq.helplines.prompted
        for line in faq.helplines.prompted:
            assert line.number in prompt


def test_an_emergency_reply_begins_with_the_number_in_its_first_line(faq: Faq, writer: Writer) -> None:
    for emergency in faq.safety.emergencies:
        first = writer.emergency(emergency).text.splitlines()[0]
        lines = [faq.helplines.get(name) for name in emergency.contacts]
        assert any(line and line.number in first for line in lines), first


def test_an_emergency_reply_holds_no_placement_line_no_prompt_and_no_rating(faq: Faq, writer: Writer) -> None:
    placements = [line for line in faq.helplines.lines if line.placement]
    assert placements
    for emergency in faq.safety.emergencies:
        reply = writer.emergency(emergency)
        assert reply.prompt == reply.notice == reply.details == ""
        assert {action.partition(":")[0] for action in actions(reply)} <= {"call", "step", "countries"}
        assert not any(line.placement for line in reply.contacts)
        shown = plain(reply) + " ".join(button.label + button.copy for button in buttons(reply))
        for line in placements:
            assert line.number not in shown
            assert line.name not in shown


def test_no_answer_in_danger_or_out_of_it_offers_a_dead_button(faq: Faq, conversation: Conversation) -> None:
    for topic in faq.topics:
        for action in actions(conversation.writer.answer(topic)):
            kind, _, argument = action.partition(":")
            assert kind in {"topic", "sources", "helpline"}
            assert not argument or faq.topic(argument)


def test_without_ratings_no_button_rates_and_privacy_says_nothing_of_them(faq: Faq) -> None:
    off, on = Writer(faq), Writer(faq, ratings=True)
    for topic in faq.topics:
        assert not [action for action in actions(off.answer(topic)) if action.startswith("rate:")]
        assert [action for action in actions(on.answer(topic)) if action.startswith("rate:")] == [
            f"rate:{topic.id}:1",
            f"rate:{topic.id}:0",
        ]
    assert faq.texts.privacy_ratings.strip() not in off.privacy().text
    assert faq.texts.privacy_ratings.strip() in on.privacy().text


def test_titles_of_two_topics_stand_apart_on_the_keyboard(faq: Faq, writer: Writer) -> None:
    labels = [label for row in writer.quick_replies() for label in row]
    assert len(labels) == len(set(labels))
    assert not [label for label in labels if label.startswith("/")], "a command has a label of its own"


# --- a small FAQ -------------------------------------------------------------------------------------------------------


def test_an_answer_is_put_together_from_its_topic(library: Faq, small: Writer) -> None:
    topic = library.topic("card")
    assert topic
    reply = small.answer(topic, notice="Careful.")
    assert reply.notice == "Careful."
    assert reply.title == "Library card"
    assert reply.text == "Ask at the desk.\nBring your *papers*."
    assert reply.danger == "⚠️ Never lend your card."
    assert reply.details == "It is free under 18.\n*New cards*\nA new one costs a dollar.\nOther towns do not take it."
    assert "Front desk: +1-555-010-0000 (free)" in reply.prompt
    assert actions(reply) == ["sources:card", "helpline"]
    assert reply.sources == (), "they stand behind a button"


def test_a_passage_that_was_asked_for_stands_above_the_answer_and_no_more_below_it(library: Faq, small: Writer) -> None:
    card, opening = library.topic("card"), library.topic("opening")
    assert card
    assert opening
    reply = small.answer(card, asked=card.passages[:1])
    assert reply.text == "*New cards*\nA new one costs a dollar.\n\nAsk at the desk.\nBring your *papers*."
    assert reply.details == "It is free under 18.\nOther towns do not take it."
    assert small.answer(opening, asked=card.passages) == small.answer(opening), "it is not that topic's"
    assert "- *Library card*: A new one costs a dollar." in small.suggest([card], asked=card.passages[:1]).text
    assert small.repeated(card, asked=card.passages[1:]).text == "Other towns do not take it."


def test_a_commercial_line_stands_under_plain_answers_but_never_beside_a_danger_a_refusal_or_a_failure(
    library: Faq, small: Writer
) -> None:
    opening = library.topics[0]
    assert "Book shop: +1-555-020-0000 (commercial)" in small.answer(opening).prompt
    for reply in (
        small.answer(opening, notice="Careful."),
        small.answers(library.topics[:2], notice="Careful."),
        small.suggest(library.topics, notice="Careful."),
        small.unknown(notice="Careful."),
        small.follow_up(notice="Careful."),
        small.refusal(library.safety.refusals[0]),
        small.failure(),
    ):
        assert "Front desk" in reply.prompt
        assert "Book shop" not in reply.prompt


def test_a_relative_gets_the_wording_for_relatives_where_there_is_one(library: Faq, small: Writer) -> None:
    card, opening = library.topic("card"), library.topic("opening")
    assert card
    assert opening
    assert small.answer(card, family=True).text == "They must come in person."
    assert small.answer(opening, family=True).text == "Nine to five."


def test_related_topics_are_offered_two_a_row(library: Faq, small: Writer) -> None:
    opening = library.topic("opening")
    assert opening
    reply = small.answer(opening)
    assert [button.action for button in reply.rows[0]] == ["topic:card", "topic:fines"]
    assert reply.danger == reply.details == ""
    assert actions(reply)[-1] == "helpline"
    assert "sources:opening" not in actions(reply)


def test_what_may_have_been_meant_as_well_stands_before_the_related_topics(library: Faq, small: Writer) -> None:
    opening = library.topic("opening")
    assert opening
    nearly = library.named(["refund", "opening", "fines"])
    shown = [action for action in actions(small.answers([opening], nearly=nearly)) if action.startswith("topic:")]
    assert shown == ["topic:refund", "topic:fines", "topic:card"]


def test_two_questions_are_answered_in_one_message_in_their_order(library: Faq, small: Writer) -> None:
    reply = small.answers([topic for topic in library.topics if topic.id in {"opening", "card"}], notice="Careful.")
    assert reply.text.index("*Opening hours*") < reply.text.index("*Library card*")
    assert "Never lend your card." in reply.text
    assert reply.prompt
    assert reply.notice == "Careful."
    assert actions(reply) == ["topic:opening", "topic:card", "helpline"]


def test_one_question_is_answered_as_ever(library: Faq, small: Writer) -> None:
    assert small.answers(library.topics[:1]) == small.answer(library.topics[0])


def test_sources_are_added_below_and_their_button_goes(library: Faq, small: Writer) -> None:
    card = library.topic("card")
    assert card
    reply = small.sources(card)
    assert reply.sources == card.sources
    assert reply.appends
    assert reply.drops == "sources:"
    assert plain(reply) == "- City: Rules (2020): https://example.org/rules"


def test_a_source_is_labelled_with_what_is_known_of_it(library: Faq) -> None:
    card = library.topic("card")
    assert card
    source = card.sources[0]
    assert source.label == "City: Rules (2020)"
    assert source.model_copy(update={"organisation": "", "year": None}).label == "Rules"


def test_a_rating_is_thanked_for_and_the_question_goes(library: Faq, small: Writer) -> None:
    reply = small.after_rating(library.topics[0])
    assert reply.drops == "rate:opening:"
    assert reply.toast == library.texts.rated
    assert plain(reply) == ""


def test_at_most_three_topics_are_suggested_with_a_way_out(library: Faq, small: Writer) -> None:
    reply = small.suggest(library.topics)
    assert actions(reply) == ["topic:opening", "topic:card", "topic:fines", "none"]
    assert reply.prompt


def test_each_suggested_topic_says_its_first_sentence_to_a_relative_in_its_own_words(
    library: Faq, small: Writer
) -> None:
    opening, card = library.topics[0], library.topic("card")
    assert card
    own = opening.model_copy(
        update={"answer": "These days:\n- Monday", "for_family": "Ask him to come on Monday.\nOr not."}
    )
    assert small.suggest([own, card]).text.splitlines()[1:] == [
        f"- *{own.title}*: These days.",
        f"- *{card.title}*: {card.answer.splitlines()[0]}",
    ]
    assert f"- *{own.title}*: Ask him to come on Monday." in small.suggest([own], family=True).text


def test_no_third_guess_is_made_but_topics_and_a_person_are_offered(small: Writer) -> None:
    for reply in (small.unknown(), small.none_of_these(), small.follow_up()):
        assert actions(reply) == ["topics", "helpline"]
        assert reply.prompt
    assert small.none_of_these().edits
    assert not small.unknown().edits


def test_an_emergency_reply_gives_steps_and_a_button_that_brings_a_card_to_call(library: Faq, small: Writer) -> None:
    fire, flood = library.safety.emergencies
    reply = small.emergency(fire, flood)
    assert reply.text == "*Leave, and call 555 0100 (in town) from outside.*\n\n*Go upstairs, call 555 0100 (in town).*"
    assert actions(reply) == ["call:desk"]
    desk = small.line("desk")
    assert desk
    card = small.call_card(desk)
    assert [button.copy for button in buttons(card)] == ["+1-555-010-0000"]
    assert card.contacts == (desk,)


def test_what_is_less_pressing_is_said_shortly_where_there_are_words_for_it(small: Writer) -> None:
    first = Emergency(id="fire", title="Fire", reply="Run.", also="It burns, too.")
    second = Emergency(id="flood", title="Flood", reply="Swim.", also="It is wet, too.")
    assert small.emergency(first, second).text == "Run.\n\nIt is wet, too."
    assert small.emergency(second).text == "Swim."


def test_a_placement_line_named_in_an_emergency_is_left_out_all_the_same(small: Writer) -> None:
    reply = small.emergency(Emergency(id="fire", title="Fire", reply="Run.", contacts=("shop", "gone")))
    assert reply.rows == ()
    assert reply.contacts == ()


def test_each_emergency_offers_a_call_and_steps_that_there_are(faq: Faq, writer: Writer) -> None:
    known = {f"step:{step.id}" for step in faq.safety.steps}
    for emergency in faq.safety.emergencies:
        offered = actions(writer.emergency(emergency))
        assert offered[0].startswith("call:")
        assert offered[-1] == "countries"
        assert {action for action in offered if action.startswith("step:")} <= known


def test_in_every_country_an_emergency_shows_its_number_first_and_no_foreign_one(faq: Faq) -> None:
    """911 means nothing in Australia, and 000 nothing in Canada."""
    everywhere = {"911", "999", "000", "112", "111"}
    assert {country.id for country in faq.helplines.countries} >= {"us", "ca", "uk", "ie", "au", "nz", "in", "eu"}
    for country in faq.helplines.countries:
        writer = Writer(faq.narrowed(country))
        own = country.numbers["emergency"]
        for emergency in faq.safety.emergencies:
            shown = writer.emergency(emergency).text
            assert set(re.findall(r"\b\d{3}\b(?!-)", shown)) & everywhere == {own}, (country.id, emergency.id)
        assert writer.line("emergency")
        assert own == writer.line("emergency").number  # type: ignore[union-attr]  # asserted above


def test_the_emergency_menu_offers_each_with_one_tap(small: Writer) -> None:
    assert actions(small.emergency_menu()) == ["emergency:fire", "emergency:flood"]


def test_a_refusal_offers_the_nearest_topics_and_a_person(library: Faq, small: Writer) -> None:
    stealing, noise = library.safety.refusals
    reply = small.refusal(stealing, notice="Careful.")
    assert actions(reply) == ["topic:card", "topics", "helpline"]
    assert reply.notice == "Careful."
    assert reply.prompt
    assert actions(small.refusal(noise)) == ["topics", "helpline"]
    both = Refusal(id="both", reply="No.", topics=("card", "fines"))
    assert actions(small.refusal(both)) == ["topic:card", "topic:fines", "topics", "helpline"]
    gone = Refusal(id="gone", reply="No.", topics=("gone",))
    assert actions(small.refusal(gone)) == ["topics", "helpline"]


def test_the_soft_check_carries_its_number_and_may_be_missing(library: Faq, small: Writer) -> None:
    assert small.soft_check() == "*If it burns, call 555 0100 (in town).*"
    silent = library.model_copy(update={"safety": library.safety.model_copy(update={"soft_check": None})})
    assert Writer(silent).soft_check() == ""


def test_the_helpline_reply_tells_of_every_line(small: Writer, library: Faq) -> None:
    reply = small.helpline()
    assert "*Front desk*: +1-555-010-0000 (555-DESK)" in reply.text
    assert "Text us." in reply.text
    assert reply.text.count(library.texts.helpline_unverified) == 1, "the shop has not been called yet"
    assert [button.copy for button in buttons(reply)] == ["+1-555-010-0000", "+1-555-020-0000"]
    assert [line.id for line in reply.contacts] == ["desk"]


def test_a_bot_without_helplines_offers_none(write: Write) -> None:
    writer = Writer(content.load(write(TOPIC)))
    assert writer.prompt() == ""
    assert actions(writer.unknown()) == ["topics"]
    assert writer.thanks().rows == ()
    assert writer.failure().text


def test_topics_are_browsed_by_theme_and_back(small: Writer) -> None:
    menu = small.topics()
    assert actions(menu) == ["theme:topics"]
    assert not menu.edits
    assert small.topics(edits=True).edits
    theme = small.theme("topics")
    assert actions(theme) == ["topic:opening", "topic:card", "topic:fines", "topic:refund", "topics"]
    assert theme.edits
    assert theme.text == "Topics"


def test_about_says_whether_a_clinician_has_read_the_answers(write: Write) -> None:
    text = "about: '{topics} topics, checked {checked}. {review}'\nreviewed: '{reviewed} of {topics} read.'"
    topic = TOPIC + "  checked: 2026-11-20\n"
    unread = content.load(write(topic, bot=text))
    assert Writer(unread).about().text == f"1 topics, checked 2026-11-20. {unread.texts.unreviewed}"
    read = content.load(write(topic + "  reviewed_by: Dr. No\n", bot=text))
    assert Writer(read).about().text == "1 topics, checked 2026-11-20. 1 of 1 read."
    assert read.topics[0].checked == date(2026, 11, 20)
    never = content.load(write(TOPIC, bot=text))
    assert "checked ?" in Writer(never).about().text


def test_an_unknown_command_is_answered_with_the_known_ones(small: Writer, library: Faq) -> None:
    for command in library.texts.commands:
        assert f"/{command.name}: {command.description}" in small.unknown_command().text


def test_what_is_not_text_brings_the_keyboard_and_no_buttons_beside_it(small: Writer) -> None:
    reply = small.media()
    assert reply.keyboard
    assert reply.rows == ()


def test_the_last_resort_carries_the_helplines(small: Writer) -> None:
    assert "+1-555-010-0000" in small.failure().prompt


def test_a_quick_reply_without_a_label_shows_its_own_name(small: Writer) -> None:
    assert small.quick_label("opening") == "Opening hours"
    assert small.quick_label("/privacy") == "/privacy"


@pytest.mark.parametrize(
    ("line", "pieces"),
    [
        ("no", [("no", False)]),
        ("*all*", [("all", True)]),
        ("a *b* c", [("a ", False), ("b", True), (" c", False)]),
        ("", []),
    ],
)
def test_a_line_is_cut_into_plain_and_bold_pieces(line: str, pieces: list[tuple[str, bool]]) -> None:
    assert spans(line) == pieces


def test_plain_text_holds_every_part_in_order_without_marks() -> None:
    reply = Reply(notice="1", title="2", text="*3*", danger="4", prompt="5", details="6")
    assert plain(reply) == "1\n\n2\n\n3\n\n4\n\n5\n\n6"


def test_an_event_carries_nothing_about_who() -> None:
    assert set(Rated.__slots__) == {"topic", "helpful"}


def test_the_start_reply_asks_for_the_keyboard(conversation: Conversation) -> None:
    for name in ("start", "help"):
        assert conversation.respond(Command(name)).reply.keyboard
