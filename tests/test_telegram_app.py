"""The bot on Telegram, from a real Update to the calls that Telegram's server would get."""

import logging
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram.error import NetworkError

from bot.conversation import Conversation, Decision, Incoming, Turn
from bot.faq import Faq, Source
from bot.feedback import Feedback
from bot.matching import Matcher
from bot.memory import NOTHING_KNOWN, Memory
from bot.replies import Event, Reply
from bot.telegram_app import FLOOD_MESSAGES, FLOOD_PRESSES, Flood, Memories, TelegramBot, to_html
from tests.telegram_server import (
    BLOCKED,
    BOT_ID,
    BOT_NAME,
    CANT_EDIT,
    GROUP,
    NO_SUCH_METHOD,
    NOT_MODIFIED,
    PERSON,
    PRIVATE,
    QUERY_TOO_OLD,
    REFUSED,
    UNREACHABLE,
    Call,
    Phone,
    opened,
    settings_for_tests,
    units,
)

PROMPT_NUMBERS = ("+1-800-662-4357", "+1-866-303-3480")
TODAY = date(2026, 11, 21)


class Broken(Conversation):
    """A conversation with a bug, which repeats the person's words as errors do."""

    def respond(self, incoming: Incoming, memory: Memory = NOTHING_KNOWN, now: float = 0.0) -> Turn:
        raise RuntimeError(f"cannot read {incoming}")


class Unsure(Conversation):
    """A conversation that wavers between four topics."""

    def decide(self, text: str, before: str = "") -> Decision:
        return Decision("suggest", ("timeline", "intensity", "sleep", "stomach"))


class Lost(Feedback):
    """A database that went away after the start."""

    def record(self, events: tuple[Event, ...]) -> None:
        raise OSError("disk full")


@pytest.fixture
def phone(conversation: Conversation) -> Iterator[Phone]:
    with opened(TelegramBot(conversation)) as phone:
        yield phone


@pytest.fixture
def group(conversation: Conversation) -> Iterator[Phone]:
    with opened(TelegramBot(conversation), chat=GROUP) as phone:
        yield phone


@pytest.fixture
def broken(faq: Faq, matcher: Matcher) -> Iterator[Phone]:
    with opened(TelegramBot(Broken(faq, matcher=matcher))) as phone:
        yield phone


@pytest.fixture
def unsure(faq: Faq, matcher: Matcher) -> Iterator[Phone]:
    with opened(TelegramBot(Unsure(faq, matcher=matcher))) as phone:
        yield phone


@pytest.fixture
def feedback(tmp_path: Path) -> Iterator[Feedback]:
    counts = Feedback(f"sqlite:///{tmp_path / 'ratings.db'}", lambda: TODAY)
    yield counts
    counts.close()


@pytest.fixture
def rated(faq: Faq, matcher: Matcher, feedback: Feedback) -> Iterator[Phone]:
    with opened(TelegramBot(Conversation(faq, ratings=True, matcher=matcher), feedback)) as phone:
        yield phone


def one(calls: list[Call], method: str = "sendMessage") -> Call:
    """The only call, which must be of this method."""
    assert [call.method for call in calls] == [method]
    return calls[0]


def methods(calls: list[Call]) -> list[str]:
    return [call.method for call in calls]


def content(text: str) -> str:
    """A text of the content as it is shown."""
    return "\n".join(re.sub(r"^- ", "• ", line) for line in text.strip().replace("*", "").splitlines())


def forgotten(message_id: int) -> dict[str, Any]:
    """What Telegram sends in place of a message that the bot may no longer see."""
    return {"message_id": message_id, "chat": PRIVATE, "date": 0}


def shown(message: dict[str, Any]) -> list[str]:
    """The labels below a message on the screen."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button["text"] for row in rows for button in row]


# --- start and the keyboard ----------------------------------------------------------------------------------------------


def test_start_shows_three_lines_and_the_keyboard(phone: Phone, faq: Faq) -> None:
    call = one(phone.say("/start"))

    title, text = call.text.split("\n\n")
    assert title == faq.texts.name
    assert len(text.splitlines()) == 3
    assert "not a doctor" in text
    assert "911" in text
    markup = call.parameters["reply_markup"]
    assert markup["resize_keyboard"]
    assert markup["is_persistent"]
    assert markup["input_field_placeholder"] == faq.texts.input_placeholder


def test_the_keyboard_begins_with_what_people_ask_most_and_has_the_helpline_in_its_own_row(
    phone: Phone, faq: Faq
) -> None:
    keyboard = one(phone.say("/start")).keyboard

    titles = [
        topic.title
        for name in ("intensity", "timeline", "relapse", "alternative_therapies")
        if (topic := faq.topic(name))
    ]
    assert [keyboard[0], keyboard[1]] == [titles[:2], titles[2:]]
    assert keyboard[-1] == [faq.texts.button_helpline, faq.texts.button_emergency]


def test_each_quick_reply_sends_its_topic(phone: Phone, faq: Faq) -> None:
    names = [name for row in faq.texts.quick_replies for name in row]
    labels = [label for row in one(phone.say("/start")).keyboard for label in row]
    topics = {label: topic for name, label in zip(names, labels, strict=True) if (topic := faq.topic(name))}

    answers = {label: one(phone.say(label)).text for label in topics}

    assert len(topics) == 7
    for label, topic in topics.items():
        assert answers[label].startswith(f"{topic.title}\n\n{content(faq.fill(topic.answer))}")


def test_the_keyboards_commands_open_topics_helpline_and_emergency(phone: Phone, faq: Faq) -> None:
    texts = faq.texts

    assert one(phone.say(texts.button_more)).text == texts.topics_title
    assert phone.say(texts.button_helpline)[0].text.startswith(texts.helpline_title)
    assert len(one(phone.say(texts.button_emergency)).buttons) == len(faq.safety.emergencies)


def test_a_greeting_brings_the_keyboard(phone: Phone) -> None:
    assert one(phone.say("hello")).keyboard


def test_thanks_are_answered_with_a_way_to_the_helpline(phone: Phone, faq: Faq) -> None:
    assert one(phone.say("thank you")).labels == [faq.texts.button_helpline]


# --- answers -----------------------------------------------------------------------------------------------------------


def test_a_question_gets_one_message_with_title_answer_numbers_and_the_rest_folded(phone: Phone, faq: Faq) -> None:
    topic = faq.topic("timeline")
    assert topic
    assert topic.folded()

    call = one(phone.say("How long does heroin withdrawal last?"))

    title, answer = call.text.split("\n\n")[:2]
    assert title == topic.title
    assert call.html.startswith(f"<b>{topic.title}</b>")
    assert answer == content(faq.fill(topic.answer))
    for number in PROMPT_NUMBERS:
        assert number in call.text
    folded = re.findall(r"<blockquote expandable>(.*)</blockquote>$", call.html, re.DOTALL)
    assert len(folded) == 1
    assert call.text.endswith(content(faq.fill(topic.folded())))
    assert call.parameters["link_preview_options"] == {"is_disabled": True}


def test_the_danger_line_stands_bold_between_answer_and_numbers(phone: Phone, faq: Faq) -> None:
    topic = faq.topic("timeline")
    assert topic
    assert topic.danger

    call = one(phone.say("How long does heroin withdrawal last?"))

    danger = content(faq.fill(topic.danger))
    assert f"<b>{faq.texts.danger_mark} {danger.splitlines()[0]}" in call.html.replace("&#x27;", "'")
    assert call.text.index(danger.splitlines()[0]) < call.text.index(PROMPT_NUMBERS[0])


def test_an_answer_in_private_is_no_quote_of_the_question(phone: Phone) -> None:
    assert "reply_parameters" not in one(phone.say("How long does heroin withdrawal last?")).parameters


def test_sources_are_added_in_place_and_their_button_goes(phone: Phone, faq: Faq) -> None:
    topic = faq.topic("timeline")
    assert topic
    before = one(phone.say("How long does heroin withdrawal last?"))

    calls = phone.press(faq.texts.button_sources)

    assert methods(calls) == ["answerCallbackQuery", "editMessageText"]
    after = calls[1]
    assert after.text.startswith(before.text)
    assert "<blockquote expandable>" in after.html
    assert after.text.removeprefix(before.text).strip().splitlines() == [
        faq.texts.sources_title,
        *(f"• {source.label}" for source in topic.sources),
    ]
    assert all(f'href="{source.url}"' in after.html for source in topic.sources)
    assert after.labels == [label for label in before.labels if label != faq.texts.button_sources]


def test_sources_of_a_message_that_is_too_old_to_edit_come_as_a_new_one(phone: Phone, faq: Faq) -> None:
    phone.say("How long does heroin withdrawal last?")
    phone.server.fail_once("editMessageText", CANT_EDIT)

    calls = phone.press(faq.texts.button_sources)

    assert methods(calls) == ["answerCallbackQuery", "editMessageText", "sendMessage"]
    assert calls[2].text.startswith(faq.texts.sources_title)


def test_sources_that_do_not_fit_below_the_message_come_as_a_new_one(phone: Phone, faq: Faq) -> None:
    full = phone.message(text="x" * 4090, reply_markup={"inline_keyboard": []})

    calls = phone.press_data("sources:timeline", full)

    assert methods(calls) == ["answerCallbackQuery", "sendMessage"]
    assert calls[1].text.startswith(faq.texts.sources_title)


def test_a_second_press_that_changes_nothing_sends_nothing(phone: Phone, faq: Faq) -> None:
    phone.say("How long does heroin withdrawal last?")
    phone.server.fail_once("editMessageText", NOT_MODIFIED)

    assert methods(phone.press(faq.texts.button_sources)) == ["answerCallbackQuery", "editMessageText"]


def test_a_related_topic_is_one_press_away(phone: Phone, faq: Faq) -> None:
    topic = faq.topic("timeline")
    assert topic
    other = faq.topic(topic.related[0])
    assert other
    phone.say("How long does heroin withdrawal last?")

    calls = phone.press(other.title)

    assert methods(calls) == ["answerCallbackQuery", "sendMessage"]
    assert calls[1].text.startswith(other.title)


@pytest.mark.parametrize("press_sources", [False, True], ids=["answer", "with sources"])
def test_every_topic_keeps_telegrams_rules(
    rated: Phone, faq: Faq, press_sources: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`opened` asserts the rules; here, that each topic's own words arrived whole, with the longest set of buttons."""
    monkeypatch.setattr("bot.telegram_app.Flood.allows", lambda *_: True)
    for topic in faq.topics:
        calls = rated.press_data(f"topic:{topic.id}", rated.message(text="menu"))
        assert methods(calls) == ["answerCallbackQuery", "sendMessage"]
        assert calls[1].text.startswith(topic.title)
        assert calls[1].text.endswith(content(faq.fill(topic.folded())) if topic.folded() else PROMPT_NUMBERS[1])
        if press_sources:
            assert methods(rated.press(faq.texts.button_sources)) == ["answerCallbackQuery", "editMessageText"]


def test_every_topics_title_can_be_typed(phone: Phone, faq: Faq, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.telegram_app.Flood.allows", lambda *_: True)
    missed = {topic.title for topic in faq.topics if not one(phone.say(topic.title)).text.startswith(topic.title)}

    assert missed == set()


# --- menus and ways out ----------------------------------------------------------------------------------------------------


def test_the_topics_menu_changes_in_place_down_to_a_topic_and_back(phone: Phone, faq: Faq) -> None:
    menu = one(phone.say("/topics"))
    assert menu.labels == [theme.title for theme in faq.themes]
    theme = faq.themes[0]

    opened_theme = phone.press(theme.title)
    assert methods(opened_theme) == ["answerCallbackQuery", "editMessageText"]
    titles = [topic.title for topic in faq.in_theme(theme.id)]
    assert opened_theme[1].labels == [*titles, faq.texts.button_back]

    back = phone.press(faq.texts.button_back)
    assert methods(back) == ["answerCallbackQuery", "editMessageText"]
    assert back[1].labels == menu.labels

    phone.press(theme.title)
    answer = phone.press(titles[0])
    assert methods(answer) == ["answerCallbackQuery", "sendMessage"]
    assert answer[1].text.startswith(titles[0])
    assert len(phone.screen()) == 2


def test_every_theme_opens_and_every_topic_is_in_one(phone: Phone, faq: Faq) -> None:
    phone.say("/topics")
    found: list[str] = []
    for theme in faq.themes:
        found += [action for action in phone.press(theme.title)[1].actions if action.startswith("topic:")]
        phone.press(faq.texts.button_back)

    assert sorted(found) == sorted(f"topic:{topic.id}" for topic in faq.topics)


def test_an_unsure_bot_offers_three_topics_and_a_way_out(unsure: Phone, faq: Faq) -> None:
    call = one(unsure.say("it is not good"))

    assert call.text.startswith(faq.texts.suggest)
    assert call.actions == ["topic:timeline", "topic:intensity", "topic:sleep", "none"]
    assert call.labels[-1] == faq.texts.button_none


def test_none_of_these_leads_to_topics_and_helpline_without_a_third_guess(unsure: Phone, faq: Faq) -> None:
    unsure.say("it is not good")

    calls = unsure.press(faq.texts.button_none)

    assert methods(calls) == ["answerCallbackQuery", "editMessageText"]
    assert calls[1].text.startswith(content(faq.texts.none_of_these))
    assert calls[1].actions == ["topics", "helpline"]
    assert all(number in calls[1].text for number in PROMPT_NUMBERS)
    assert methods(unsure.press(faq.texts.button_helpline)) == ["answerCallbackQuery", "sendMessage", "sendContact"]


def test_a_suggested_topic_is_answered(unsure: Phone, faq: Faq) -> None:
    topic = faq.topic("intensity")
    assert topic
    unsure.say("it is not good")

    assert unsure.press(topic.title)[1].text.startswith(topic.title)


def test_what_the_bot_does_not_know_it_says_with_a_person_to_call(phone: Phone, faq: Faq) -> None:
    call = one(phone.say("what is the capital of france"))

    assert call.text.startswith(content(faq.texts.unknown))
    assert call.actions == ["topics", "helpline"]
    assert all(number in call.text for number in PROMPT_NUMBERS)


# --- commands ------------------------------------------------------------------------------------------------------------


def test_helpline_lists_every_number_with_a_copy_button_and_a_contact_card(phone: Phone, faq: Faq) -> None:
    calls = phone.say("/helpline")

    assert methods(calls) == ["sendMessage", "sendContact"]
    message, card = calls
    lines = faq.helplines.lines
    assert all(line.number in message.text and line.name in message.text for line in lines)
    copied = [button["copy_text"]["text"] for button in message.buttons if "copy_text" in button]
    assert copied == [line.number for line in lines]
    assert message.labels[-1] == faq.texts.button_country
    assert card.parameters["phone_number"] == PROMPT_NUMBERS[0]
    assert card.parameters["first_name"] == lines[0].name


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("/privacy", "I keep nothing about you"),
        ("/help", "Ask in your own words"),
        ("/about", "No clinician has reviewed"),
        ("/topics", "What would you like to know about?"),
        ("/emergency", "In danger now?"),
    ],
)
def test_a_command_gets_its_text(phone: Phone, command: str, words: str) -> None:
    assert words in one(phone.say(command)).text


def test_every_command_of_the_menu_is_known(phone: Phone, faq: Faq) -> None:
    unknown = content(faq.texts.unknown_command)

    for command in faq.texts.commands:
        assert unknown not in phone.say(f"/{command.name}")[0].text


def test_a_command_is_known_in_capitals_and_with_the_bots_name(phone: Phone, faq: Faq) -> None:
    assert one(phone.say(f"/TOPICS@{BOT_NAME.upper()}")).text == faq.texts.topics_title


def test_privacy_speaks_of_ratings_only_where_they_are_counted(phone: Phone, rated: Phone, faq: Faq) -> None:
    assert faq.texts.privacy_ratings not in one(phone.say("/privacy")).text
    assert faq.texts.privacy_ratings in one(rated.say("/privacy")).text


def test_a_deep_link_opens_its_topic(phone: Phone, faq: Faq) -> None:
    topic = faq.topic("timeline")
    assert topic

    assert one(phone.say("/start timeline")).text.startswith(topic.title)


def test_a_deep_link_to_a_topic_that_is_gone_is_a_start(phone: Phone) -> None:
    assert one(phone.say("/start removed_topic")).keyboard


def test_an_unknown_command_lists_those_that_are_known(phone: Phone, faq: Faq) -> None:
    call = one(phone.say("/settings"))

    assert call.text.startswith(content(faq.texts.unknown_command))
    assert all(f"/{command.name}" in call.text for command in faq.texts.commands)


def test_a_command_to_another_bot_is_ignored(phone: Phone) -> None:
    assert phone.say("/start@another_bot") == []


# --- danger --------------------------------------------------------------------------------------------------------------


def test_an_emergency_gets_its_steps_and_no_commercial_line_and_no_rating(rated: Phone, faq: Faq) -> None:
    placement = [line.number for line in faq.helplines.lines if line.placement]

    call = one(rated.say("my friend is not breathing and blue"))

    assert call.text.startswith(content(faq.fill(faq.safety.emergencies[0].reply)))
    assert "911" in call.text.splitlines()[0]
    assert not any(number in call.text for number in placement)
    assert not any("rate:" in action for action in call.actions)
    assert faq.texts.button_did_it_help not in " ".join(call.labels)
    steps = ["naloxone", "rescue_breathing", "recovery_position", "breathing_now", "it_is_me", "help_coming"]
    steps += ["afraid_to_call"]
    assert call.actions == ["call:emergency", *(f"step:{step}" for step in steps), "countries"]


def test_every_emergency_of_the_menu_gives_its_steps_without_a_commercial_line(phone: Phone, faq: Faq) -> None:
    placement = [line.number for line in faq.helplines.lines if line.placement]
    assert placement
    for emergency in faq.safety.emergencies:
        phone.say("/emergency")
        calls = phone.press(emergency.title)
        assert methods(calls) == ["sendMessage", "answerCallbackQuery"], "the steps wait for nothing"
        assert calls[0].text.startswith(content(faq.fill(emergency.reply)))
        everything = str([call.parameters for call in calls])
        assert not any(number in everything for number in placement)


def test_one_tap_below_an_emergency_brings_a_card_to_call(phone: Phone) -> None:
    phone.press_data("emergency:poisoning", phone.message(text="menu"))

    calls = phone.press("📞 Call +1-800-222-1222")

    assert methods(calls) == ["sendMessage", "sendContact", "answerCallbackQuery"]
    assert calls[1].parameters["phone_number"] == "+1-800-222-1222"


def test_one_tap_below_an_overdose_brings_each_step(phone: Phone, faq: Faq) -> None:
    overdose = faq.safety.emergencies[0]
    rescue = [step for step in faq.safety.steps if step.id in overdose.steps]
    assert len(rescue) == len(overdose.steps)
    for step in rescue:
        phone.press_data("emergency:overdose", phone.message(text="menu"))
        calls = phone.press_data(f"step:{step.id}", phone.message(text="steps"))
        assert calls[0].text.startswith(step.title)
        assert content(faq.fill(step.text)) in calls[0].text
        others = {other.title for other in rescue if other != step and other.offered}
        assert set(calls[0].labels) == (set() if step.ends else {"📞 Call 911", *others})
        if not step.ends:
            assert calls[0].actions[0] == "call:emergency", "a shaking hand finds the call first"
            assert calls[0].actions[-1] == "step:no_danger"


def test_a_chosen_country_narrows_every_number_and_can_be_taken_back(phone: Phone, faq: Faq) -> None:
    phone.say("/country")
    chosen = phone.press("United Kingdom")

    assert "999" in chosen[1].text
    assert "SAMHSA" not in chosen[1].text
    assert "0300 123 6600" in phone.say(QUESTION)[0].text
    danger = phone.say("my friend is not breathing and blue")[0]
    assert "999" in danger.text.splitlines()[0]
    assert "911" not in danger.text
    card = phone.press("📞 Call 999")[1]
    assert card.parameters["phone_number"] == "999"

    phone.say("no emergency")
    phone.say("/country")
    assert faq.helplines.lines[0].name in phone.press(faq.texts.button_elsewhere)[1].text
    assert "911" in phone.say("i want to kill someone and myself")[0].text


def test_one_chats_country_is_not_anothers(phone: Phone, faq: Faq) -> None:
    phone.say("/country au")

    other = phone.say("my friend is not breathing and blue", chat={"id": 77, "type": "private"})[0]

    assert "911" in other.text.splitlines()[0]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("how much heroin can i take to get high", "but just roughly"),
        ("i cant sleep", "what else"),
        ("my friend is not breathing and blue", "they said 20 minutes"),
    ],
)
def test_what_a_chat_said_before_is_in_mind_for_its_next_message(phone: Phone, first: str, then: str) -> None:
    alone = phone.say(then, chat={"id": 77, "type": "private"})[0].text
    before = phone.say(first)[0].text

    after = phone.say(then)[0].text

    assert after != alone
    assert (after == before) == (then == "but just roughly"), "the same no"


def test_only_so_many_chats_are_remembered(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.telegram_app.CHATS_REMEMBERED", 2)
    for chat in (1, 2, 3):
        phone.say("/country au", chat={"id": chat, "type": "private"})

    answers = [phone.say("he is not breathing", chat={"id": chat, "type": "private"})[0] for chat in (1, 2, 3)]

    assert ["000 NOW" in answer.text for answer in answers] == [False, True, True]


def test_a_doubtful_message_gets_the_check_above_its_answer(phone: Phone, faq: Faq) -> None:
    call = one(phone.say("he keeps nodding off"))

    assert faq.safety.soft_check
    assert call.text.startswith(content(faq.fill(faq.safety.soft_check)))
    assert len(call.text.split("\n\n")) > 2


def test_an_emergency_typed_as_a_correction_gets_the_steps_first(phone: Phone, faq: Faq) -> None:
    call = one(phone.edit(text="my friend is not breathing and blue"))

    assert call.text.startswith(content(faq.fill(faq.safety.emergencies[0].reply)))


# --- what is not a text ----------------------------------------------------------------------------------------------------

VOICE = {"voice": {"file_id": "v", "file_unique_id": "v", "duration": 3}}
PHOTO = {"photo": [{"file_id": "p", "file_unique_id": "p", "width": 9, "height": 9}]}
STICKER = {
    "sticker": {
        "file_id": "s",
        "file_unique_id": "s",
        "width": 9,
        "height": 9,
        "is_animated": False,
        "is_video": False,
        "type": "regular",
    }
}
LOCATION = {"location": {"latitude": 1.5, "longitude": 2.5}}


@pytest.mark.parametrize("thing", [VOICE, PHOTO, STICKER, LOCATION], ids=["voice", "photo", "sticker", "location"])
def test_what_cannot_be_read_gets_a_helpful_line_the_keyboard_and_numbers(
    phone: Phone, faq: Faq, thing: dict[str, object]
) -> None:
    call = one(phone.send(**thing))

    assert call.text.startswith(content(faq.texts.media))
    assert call.keyboard
    assert all(number in call.text for number in PROMPT_NUMBERS)


def test_a_caption_is_read_as_text(phone: Phone, faq: Faq) -> None:
    topic = faq.topic("timeline")
    assert topic

    assert one(phone.send(caption="How long does heroin withdrawal last?", **PHOTO)).text.startswith(topic.title)


def test_a_text_of_blanks_gets_the_helpful_line(phone: Phone, faq: Faq) -> None:
    assert one(phone.say("\u200b \n")).text
    assert one(phone.say("  \n")).text.startswith(content(faq.texts.media))


def test_a_message_of_telegrams_own_is_not_answered(phone: Phone) -> None:
    assert phone.send(pinned_message=phone.message(text="old")) == []


def test_a_changed_message_is_answered_with_the_notice(phone: Phone, faq: Faq) -> None:
    topic = faq.topic("timeline")
    assert topic

    call = one(phone.edit(text="How long does heroin withdrawal last?"))

    assert call.text.startswith(f"{faq.texts.edited}\n\n{topic.title}")


def test_a_changed_message_that_is_doubtful_keeps_its_check(phone: Phone, faq: Faq) -> None:
    assert faq.safety.soft_check

    call = one(phone.edit(text="he keeps nodding off"))

    assert call.text.startswith(f"{faq.texts.edited}\n{content(faq.fill(faq.safety.soft_check))}")


def test_a_live_location_is_not_answered_again_each_time_it_moves(phone: Phone) -> None:
    """Telegram reports each move as a changed message, for up to eight hours."""
    live = {"latitude": 1.5, "longitude": 2.5, "live_period": 28800}
    assert len(phone.send(location=live)) == 1

    assert phone.edit(location=live | {"latitude": 1.6}) == []


# --- groups --------------------------------------------------------------------------------------------------------------

QUESTION = "How long does heroin withdrawal last?"


def test_in_a_group_people_can_talk_without_the_bot(group: Phone) -> None:
    assert group.say(QUESTION) == []
    assert group.say(f"{QUESTION} @{BOT_NAME}_not") == []
    assert group.send(**PHOTO) == []
    assert group.edit(text=QUESTION) == []


def test_in_a_group_a_mention_is_answered_as_a_reply(group: Phone, faq: Faq) -> None:
    topic = faq.topic("timeline")
    assert topic

    message = group.message(text=f"@{BOT_NAME.upper()} {QUESTION}")

    call = one(group.feed({"update_id": 1, "message": message}))

    assert call.text.startswith(topic.title)
    assert call.parameters["reply_parameters"]["message_id"] == message["message_id"]
    assert call.parameters["reply_parameters"]["allow_sending_without_reply"]


def test_in_a_group_a_reply_to_the_bot_is_answered(group: Phone, faq: Faq) -> None:
    topic = faq.topic("timeline")
    assert topic
    mine = group.message(text="an answer") | {"from": {"id": BOT_ID, "is_bot": True, "first_name": "FAQ"}}

    assert one(group.say(QUESTION, reply_to_message=mine)).text.startswith(topic.title)


def test_in_a_group_a_reply_to_somebody_else_is_not_the_bots_matter(group: Phone) -> None:
    theirs = group.message(text="hm")
    channel = {key: value for key, value in theirs.items() if key != "from"}

    assert group.say(QUESTION, reply_to_message=theirs) == []
    assert group.say(QUESTION, reply_to_message=channel) == []


def test_in_a_group_a_command_is_answered_without_the_keyboard(group: Phone, faq: Faq) -> None:
    call = one(group.say(f"/start@{BOT_NAME}"))

    assert call.text.startswith(faq.texts.name)
    assert "reply_markup" not in call.parameters


def test_in_a_group_a_command_to_another_bot_is_ignored(group: Phone) -> None:
    assert group.say("/helpline@another_bot") == []


def test_in_a_group_a_press_is_answered_there(group: Phone, faq: Faq) -> None:
    group.say(f"@{BOT_NAME} {QUESTION}")

    call = group.press(faq.texts.button_helpline)[1]

    assert call.parameters["chat_id"] == GROUP["id"]


# --- presses of old and forged buttons -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    ["topic:gone", "topic:", "sources:gone", "theme:gone", "rate:gone:1", "rate:1", "never heard", ":", None],
)
def test_a_button_that_means_nothing_any_more_leads_to_the_topics(phone: Phone, faq: Faq, data: str | None) -> None:
    calls = phone.press_data(data, phone.message(text="old"))

    assert methods(calls) == ["answerCallbackQuery", "sendMessage"]
    assert calls[1].text == content(faq.texts.stale_button)
    assert calls[1].actions == ["topics", "helpline"]


def test_an_emergency_button_of_an_older_version_shows_the_emergencies(phone: Phone, faq: Faq) -> None:
    calls = phone.press_data("emergency:gone", phone.message(text="old"))

    assert len(calls[0].buttons) == len(faq.safety.emergencies)


def test_a_press_below_a_message_that_telegram_forgot_is_answered_with_a_new_one(phone: Phone, faq: Faq) -> None:
    calls = phone.press_data("topics", forgotten(5))

    assert calls[-1].method == "sendMessage"
    assert calls[-1].text == faq.texts.topics_title


def test_sources_of_a_message_that_telegram_forgot_do_not_take_the_answers_place(phone: Phone, faq: Faq) -> None:
    """Telegram sends such a message without its text, so nothing can be added below it."""
    answer = one(phone.say(QUESTION)).text

    calls = phone.press_data("sources:timeline", forgotten(phone.screen()[0]["message_id"]))

    assert phone.screen()[0]["text"] == answer
    assert calls[-1].text.startswith(faq.texts.sources_title)


def test_rating_a_message_that_telegram_forgot_leaves_its_other_buttons(rated: Phone) -> None:
    rated.say(QUESTION)
    before = shown(rated.screen()[0])

    rated.press_data("rate:timeline:1", forgotten(rated.screen()[0]["message_id"]))

    assert set(shown(rated.screen()[0])) & set(before)


def test_a_press_without_a_message_is_answered_and_nothing_is_sent(phone: Phone) -> None:
    one(phone.press_data("topics", inline_message_id="elsewhere"), "answerCallbackQuery")


def test_a_menu_that_cannot_be_edited_comes_as_a_new_message(phone: Phone, faq: Faq) -> None:
    phone.say("/topics")
    phone.server.fail_once("editMessageText", CANT_EDIT)

    calls = phone.press(faq.themes[0].title)

    assert methods(calls) == ["answerCallbackQuery", "editMessageText", "sendMessage"]
    assert calls[2].labels == calls[1].labels


def test_a_press_that_is_too_old_to_be_answered_is_still_carried_out(
    phone: Phone, faq: Faq, caplog: pytest.LogCaptureFixture
) -> None:
    phone.say("/topics")
    phone.server.fail_once("answerCallbackQuery", QUERY_TOO_OLD)

    calls = phone.press(faq.themes[0].title)

    assert methods(calls) == ["answerCallbackQuery", "editMessageText"]
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


# --- ratings -------------------------------------------------------------------------------------------------------------


def test_rating_buttons_are_shown_only_where_somebody_counts(phone: Phone, rated: Phone) -> None:
    assert not [action for action in one(phone.say(QUESTION)).actions if action.startswith("rate:")]
    assert [action for action in one(rated.say(QUESTION)).actions if action.startswith("rate:")] == [
        "rate:timeline:1",
        "rate:timeline:0",
    ]


def test_a_rating_is_thanked_counted_and_its_buttons_go(rated: Phone, faq: Faq, feedback: Feedback) -> None:
    before = one(rated.say(QUESTION))

    calls = rated.press(faq.texts.button_not_helped)

    assert methods(calls) == ["answerCallbackQuery", "editMessageReplyMarkup"]
    assert calls[0].parameters["text"] == faq.texts.rated
    assert calls[1].actions == [action for action in before.actions if not action.startswith("rate:")]
    assert rated.screen()[-1]["text"] == before.text
    assert feedback.counts() == [("timeline", TODAY, False, 1)]


def test_ratings_are_counted_in_one_row_per_topic_day_and_answer(rated: Phone, faq: Faq, feedback: Feedback) -> None:
    helped = f"{faq.texts.button_did_it_help} {faq.texts.button_helped}"
    for label in (helped, faq.texts.button_not_helped, helped):
        rated.say(QUESTION)
        rated.press(label)

    assert feedback.counts() == [("timeline", TODAY, False, 1), ("timeline", TODAY, True, 2)]


def test_a_rating_below_a_message_that_cannot_be_edited_is_thanked_without_a_new_message(
    rated: Phone, faq: Faq, feedback: Feedback
) -> None:
    rated.say(QUESTION)
    rated.server.fail_once("editMessageReplyMarkup", CANT_EDIT)

    assert methods(rated.press(faq.texts.button_not_helped)) == ["answerCallbackQuery", "editMessageReplyMarkup"]
    assert len(feedback.counts()) == 1


def test_a_rating_of_the_only_buttons_leaves_none(rated: Phone) -> None:
    rated.say("/topics")
    message = rated.screen()[-1]
    message["reply_markup"] = {"inline_keyboard": [[{"text": "Yes", "callback_data": "rate:timeline:1"}]]}

    rated.press_data("rate:timeline:1", message)

    assert shown(rated.screen()[-1]) == []


def test_a_rating_of_a_topic_that_is_gone_is_not_counted(rated: Phone, feedback: Feedback) -> None:
    rated.press_data("rate:gone:1", rated.message(text="old"))

    assert feedback.counts() == []


def test_a_rating_that_cannot_be_counted_is_logged_and_never_shown(
    faq: Faq, matcher: Matcher, caplog: pytest.LogCaptureFixture
) -> None:
    lost = Lost("sqlite://", lambda: TODAY)
    with opened(TelegramBot(Conversation(faq, ratings=True, matcher=matcher), lost)) as phone:
        phone.say(QUESTION)
        calls = phone.press(faq.texts.button_not_helped)
    lost.close()

    assert methods(calls) == ["answerCallbackQuery", "editMessageReplyMarkup"]
    assert calls[0].parameters["text"] == faq.texts.rated
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR] == [
        "a rating was not counted: OSError"
    ]


def test_a_rating_button_from_when_ratings_were_counted_is_still_thanked(phone: Phone, faq: Faq) -> None:
    calls = phone.press_data("rate:timeline:1", phone.message(text="old"))

    assert calls[0].parameters["text"] == faq.texts.rated
    assert "sendMessage" not in methods(calls)


# --- when something fails ------------------------------------------------------------------------------------------------------


def is_fixed_reply(call: Call, faq: Faq) -> bool:
    """Whether this is the last resort: fixed words and every public line of the prompt, but no commercial one."""
    return call.text.startswith(content(faq.fill(faq.texts.failure))) and all(
        (line.number in call.text) is not line.placement for line in faq.helplines.prompted
    )


def test_a_broken_conversation_still_gives_the_numbers_and_logs_no_words(
    broken: Phone, faq: Faq, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="bot")

    assert is_fixed_reply(one(broken.say("zanzibar hurts")), faq)

    lines = [record.getMessage() for record in caplog.records if record.name.startswith("bot")]
    assert len(lines) == 1
    assert re.fullmatch(r"no answer could be made: RuntimeError at test_telegram_app\.py:\d+", lines[0])
    assert "zanzibar" not in caplog.text


def test_a_broken_conversation_answers_presses_too(broken: Phone, faq: Faq) -> None:
    calls = broken.press_data("topic:timeline", broken.message(text="old"))

    assert methods(calls) == ["answerCallbackQuery", "sendMessage"]
    assert is_fixed_reply(calls[1], faq)


def test_an_answer_lost_on_the_way_is_sent_again(phone: Phone, faq: Faq) -> None:
    for _ in range(3):
        phone.server.fail_once("sendMessage", UNREACHABLE)

    calls = phone.say(QUESTION)

    assert methods(calls) == ["sendMessage"] * 4
    assert len(phone.screen()) == 1


def test_a_flood_is_slowed_down_once_but_an_emergency_in_it_is_answered(phone: Phone, faq: Faq) -> None:
    answers = [phone.say("how long does it last") for _ in range(FLOOD_MESSAGES + 5)]

    assert all(len(calls) == 1 for calls in answers[:FLOOD_MESSAGES])
    assert answers[FLOOD_MESSAGES][0].text.startswith(content(faq.texts.slow_down))
    assert answers[FLOOD_MESSAGES + 1 :] == [[]] * 4
    assert "911" in one(phone.say("he is not breathing")).text.splitlines()[0]
    assert len(phone.say("hello", chat={"id": 5, "type": "private"})) == 1, "others notice nothing"


@pytest.mark.parametrize("text", ["/emergency", "/helpline", "911", "🆘"])
def test_who_asks_for_a_number_to_call_is_answered_in_a_flood(phone: Phone, text: str) -> None:
    for _ in range(FLOOD_MESSAGES + 2):
        phone.say("how long does it last")

    assert phone.say(text)[0].method == "sendMessage"


def test_a_flood_of_presses_is_acknowledged_and_does_nothing_else(phone: Phone, faq: Faq) -> None:
    menu = phone.message(text="menu")
    for _ in range(FLOOD_PRESSES):
        phone.press_data("topic:sleep", menu)

    assert methods(phone.press_data("topic:sleep", menu)) == ["answerCallbackQuery"]
    assert "sendMessage" in methods(phone.press_data("emergency:overdose", menu)), "help is never slowed down"


def test_what_is_remembered_goes_by_itself_where_nobody_writes_any_more() -> None:
    memories, flood = Memories(), Flood(FLOOD_MESSAGES)
    memories.put(1, NOTHING_KNOWN.answered("sleep", 0.0))
    memories.put(2, NOTHING_KNOWN.answered("sleep", 300.0))
    for chat, now in ((1, 0.0), (2, 300.0)):
        flood.allows(chat, now)
    assert [len(kept) for kept in (memories._recent, flood._chats)] == [2, 2]
    for kept in (memories, flood):
        kept.expire(601.0)
    assert list(memories._recent) == [2]
    assert not flood._chats


def test_who_is_in_an_emergency_is_never_slowed_down(phone: Phone, faq: Faq) -> None:
    phone.say("he is not breathing")
    answers = [one(phone.say("hello?")).text for _ in range(FLOOD_MESSAGES + 5)]
    again = faq.safety.emergencies[0].again or ""
    assert {text.splitlines()[0] for text in answers} == {content(faq.fill(again)).splitlines()[0]}


def test_only_an_administrator_reloads_the_content(conversation: Conversation, faq: Faq) -> None:
    problems = ["faq/x.yaml:1: broken", ""]

    async def reload() -> str:
        return problems.pop(0)

    bot = TelegramBot(conversation)
    with opened(bot, telegram_admin_ids=(PERSON["id"],)) as phone:
        bot.on_reload = reload
        assert one(phone.say("/reload")).text == f"{faq.texts.reload_failed}\nfaq/x.yaml:1: broken"
        assert one(phone.say("/reload")).text == faq.texts.reloaded
    with opened(bot) as phone:
        assert one(phone.say("/reload")).text.startswith(content(faq.texts.unknown_command))


def test_an_answer_that_could_not_be_sent_is_followed_by_the_fixed_reply(
    phone: Phone, faq: Faq, caplog: pytest.LogCaptureFixture
) -> None:
    phone.server.fail_once("sendMessage", REFUSED)

    calls = phone.say(f"{QUESTION} zanzibar")

    assert methods(calls) == ["sendMessage", "sendMessage"]
    assert is_fixed_reply(calls[1], faq)
    assert "an update failed: BadRequest at" in caplog.text
    assert "zanzibar" not in caplog.text


def test_in_a_group_the_fixed_reply_comes_without_the_keyboard(group: Phone, faq: Faq) -> None:
    group.server.fail_once("sendMessage", REFUSED)

    calls = group.say(f"@{BOT_NAME} {QUESTION}")

    assert is_fixed_reply(calls[1], faq)
    assert calls[1].parameters["chat_id"] == GROUP["id"]


def test_a_press_whose_toast_is_lost_on_the_way_still_gets_numbers(phone: Phone, faq: Faq) -> None:
    phone.say("/topics")
    phone.server.fail_once("answerCallbackQuery", UNREACHABLE)

    calls = phone.press(faq.themes[0].title)

    assert calls[-1].method in {"editMessageText", "sendMessage"}
    assert calls[-1].labels or is_fixed_reply(calls[-1], faq)


def test_where_even_the_fixed_reply_fails_the_operator_is_told(phone: Phone, caplog: pytest.LogCaptureFixture) -> None:
    phone.server.fail_once("sendMessage", REFUSED)
    phone.server.fail_once("sendMessage", REFUSED)

    assert methods(phone.say(QUESTION)) == ["sendMessage", "sendMessage"]
    assert "the fixed reply could not be sent either: BadRequest" in caplog.text


def test_a_contact_card_that_is_refused_takes_nothing_from_an_emergencys_steps(phone: Phone, faq: Faq) -> None:
    """Right below the steps, "I could not answer" would be wrong and dangerous."""
    phone.server.fail_once("sendContact", NO_SUCH_METHOD)

    calls = phone.press_data("call:poison", phone.message(text="menu"))

    assert methods(calls) == ["sendMessage", "sendContact", "answerCallbackQuery"]


def test_a_person_who_blocked_the_bot_is_no_error(phone: Phone, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="bot")
    phone.server.fail_once("sendMessage", BLOCKED)

    one(phone.say(QUESTION))

    assert [record.levelname for record in caplog.records if record.name.startswith("bot")] == ["INFO"]
    assert "blocked" in caplog.text


def test_a_failure_outside_of_any_message_is_logged_only(phone: Phone, caplog: pytest.LogCaptureFixture) -> None:
    assert phone.fail_outside_of_updates(NetworkError("gone")) == []
    assert "an update failed: NetworkError at ?" in caplog.text


def test_nothing_about_a_person_is_logged(
    phone: Phone, broken: Phone, faq: Faq, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="bot")
    for one_phone in (phone, broken):
        one_phone.server.fail_once("sendMessage", UNREACHABLE)
        one_phone.say("zanzibar hurts")
        one_phone.server.fail_once("sendMessage", BLOCKED)
        one_phone.say("zanzibar hurts")
        one_phone.edit(text="zanzibar hurts")
        one_phone.server.fail_once("answerCallbackQuery", QUERY_TOO_OLD)
        one_phone.press_data("zanzibar", one_phone.message(text="zanzibar"))

    lines = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("bot"))
    assert lines
    for secret in ("zanzibar", *(str(PERSON[key]) for key in ("id", "first_name", "last_name", "username"))):
        assert secret not in lines


# --- settings and introduction -----------------------------------------------------------------------------------------------------


def test_at_the_start_the_bot_tells_telegram_what_it_is(phone: Phone, faq: Faq) -> None:
    calls = {call.method: call.parameters for call in phone.introduce()}

    assert [command["command"] for command in calls["setMyCommands"]["commands"]] == [
        command.name for command in faq.texts.commands
    ]
    assert calls["setMyDescription"]["description"] == faq.texts.description
    assert calls["setMyShortDescription"]["short_description"] == faq.texts.short_description


def test_a_server_that_refuses_the_introduction_is_used_all_the_same(
    phone: Phone, caplog: pytest.LogCaptureFixture
) -> None:
    for method in ("setMyCommands", "setMyDescription", "setMyShortDescription"):
        phone.server.fail_once(method, NO_SUCH_METHOD)

    assert len(phone.introduce()) == 3
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 3
    assert one(phone.say("/start")).keyboard


def test_a_self_hosted_server_is_used_where_the_settings_name_one(conversation: Conversation) -> None:
    settings = settings_for_tests(telegram_api_url="http://bots.example:8081/")

    bot = TelegramBot(conversation).application(settings).bot

    assert bot.base_url == f"http://bots.example:8081/bot{settings.telegram_bot_token.get_secret_value()}"
    assert bot.base_file_url.startswith("http://bots.example:8081/file/bot")


# --- length ----------------------------------------------------------------------------------------------------------------


def visible(source: str) -> int:
    return units(Call("sendMessage", {"text": source, "parse_mode": "HTML"}).text)


def test_a_reply_that_is_too_long_loses_its_folded_part_first() -> None:
    reply = Reply(title="Title", text="answer", prompt="call", details="d" * 4096)

    assert to_html(reply) == "<b>Title</b>\n\nanswer\n\ncall"


def test_a_reply_keeps_its_sources_where_leaving_the_folded_part_is_enough() -> None:
    source = Source(title="Where it stands", url="https://example.org/a?b=1&c=2")

    text = to_html(Reply(text="a" * 4000, details="d" * 500, sources=(source,)), "Sources")

    assert text.endswith('<b>Sources</b>\n• <a href="https://example.org/a?b=1&amp;c=2">Where it stands</a>')


def test_a_reply_loses_its_sources_before_its_own_text() -> None:
    source = Source(title="Where it stands " * 15, url="https://example.org")

    assert to_html(Reply(text="a" * 4000, details="d" * 500, sources=(source,)), "Sources") == "a" * 4000


def test_a_reply_that_is_still_too_long_loses_its_end_and_keeps_the_numbers() -> None:
    source = to_html(Reply(text="a" * 5000, prompt="call 911", details="d" * 5000))

    assert visible(source) <= 4096
    assert source.endswith("call 911")


def test_a_reply_of_emoji_is_measured_as_telegram_measures_it() -> None:
    reply = Reply(text="💊" * 2000, details="💊" * 100)

    assert visible(to_html(reply)) == 4000


def test_a_reply_of_nothing_but_emoji_is_cut_to_what_telegram_takes() -> None:
    assert visible(to_html(Reply(text="💊" * 5000))) <= 4096


def test_signs_that_mean_something_in_html_are_shown_as_they_are() -> None:
    reply = Reply(title="1 < 2 & 3 > 2", text="- a <b> & *c & d*\nplain", details="<i>", notice="x < y")

    call = Call("sendMessage", {"text": to_html(reply), "parse_mode": "HTML"})

    assert call.text == "x < y\n\n1 < 2 & 3 > 2\n\n• a <b> & c & d\nplain\n\n<i>"


# --- anything that Telegram may deliver --------------------------------------------------------------------------------------

ODD = st.text(
    alphabet=st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from("\u202e\u200b\u0000\u0007\u0336\u0489<>&\"'*_`[]{}/@\n"),
    ),
    max_size=300,
)
CHATS = st.sampled_from(
    [PRIVATE, GROUP, {"id": -5, "type": "group", "title": "<b>x"}, {"id": -7, "type": "channel", "title": "c"}]
)
BODIES = st.one_of(
    st.fixed_dictionaries({"text": ODD}),
    st.fixed_dictionaries({"text": st.just("x ") | ODD.map(lambda text: f"/{text}") | ODD.map(lambda t: t * 14)}),
    st.fixed_dictionaries(
        {"caption": ODD, "photo": st.just([{"file_id": "p", "file_unique_id": "p", "width": 1, "height": 1}])}
    ),
    st.fixed_dictionaries({"dice": st.just({"emoji": "🎲", "value": 3})}),
    st.fixed_dictionaries({"contact": st.fixed_dictionaries({"phone_number": ODD, "first_name": ODD})}),
    st.fixed_dictionaries({"location": st.just({"latitude": 1.0, "longitude": 2.0})}),
    st.fixed_dictionaries({"new_chat_title": ODD}),
    st.fixed_dictionaries(
        {"text": ODD, "forward_origin": st.just({"type": "hidden_user", "date": 1, "sender_user_name": "<i>"})}
    ),
)


@settings(max_examples=60)
@given(chat=CHATS, body=BODIES, edited=st.booleans(), named=st.booleans())
def test_whatever_message_comes_nothing_breaks_and_no_rule_of_telegrams_either(
    conversation: Conversation, chat: dict[str, Any], body: dict[str, Any], edited: bool, named: bool
) -> None:
    bot = TelegramBot(conversation)
    with opened(bot, chat) as phone:
        message = phone.message(**body)
        if not named:
            del message["from"]
        phone.feed({"update_id": 1, "edited_message" if edited else "message": message})
        assert bot.metrics.summary().endswith("errors 0")


@settings(max_examples=60)
@given(data=st.none() | ODD.map(lambda text: text.encode()[:64].decode(errors="ignore")), known=st.booleans())
def test_whatever_a_forged_button_says_nothing_breaks(
    conversation: Conversation, data: str | None, known: bool
) -> None:
    bot = TelegramBot(conversation)
    with opened(bot) as phone:
        phone.press_data(data, phone.message(text="menu") if known else None)
        assert bot.metrics.summary().endswith("errors 0")


def test_the_library_gathers_no_ids_of_chats_and_persons(phone: Phone) -> None:
    phone.say("hi")
    # Its own names: there is no public way to see what it gathers for a storage.
    assert phone.application._chat_ids_to_be_updated_in_persistence == set()
    assert phone.application._user_ids_to_be_updated_in_persistence == set()
