"""`bot.conversation`: one message in, one turn out; danger first, and never no answer."""

from dataclasses import replace

import pytest
from hypothesis import given

from bot import content
from bot.conversation import (
    Choice,
    Command,
    Conversation,
    Decision,
    Incoming,
    Media,
    Press,
    Question,
    Rating,
    Turn,
    parse_button,
)
from bot.faq import Caution, Faq, Rule, Step
from bot.matching import Calibration, matcher_for
from bot.memory import FOLLOW_UP_SECONDS, Memory
from bot.opinion import Opinion
from bot.replies import Rated, plain
from bot.safety import learn
from tests.conftest import HELPLINES, LIBRARY, Write, any_text


@pytest.fixture
def small(library: Faq) -> Conversation:
    return Conversation(library, ratings=True)


@pytest.fixture
def unsure(library: Faq) -> Conversation:
    """The library's conversation, which is sure of nothing."""
    fitted = replace(matcher_for(library).fitted, calibration=Calibration(bias=-1, score=0))
    return Conversation(library, matcher=matcher_for(library, fitted))


def decision(turn: Turn) -> Decision:
    assert turn.decision
    return turn.decision


# --- what people ask the shipped bot -------------------------------------------------------------------------------------


def test_every_canonical_question_gets_its_own_answer(faq: Faq, conversation: Conversation) -> None:
    for topic in faq.topics:
        turn = conversation.respond(Question(topic.questions[0]))
        found = decision(turn)
        assert (found.outcome, found.topics) == ("answer", (topic.id,)), topic.questions[0]
        assert turn.reply.title == topic.title


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("how long dos herion withdrawl last", "timeline"),
        ("am i gonna be sick for weeks", "timeline"),
        ("does acupuncture do anything", "alternative_therapies"),
        ("will i use again", "relapse"),
    ],
)
def test_a_question_as_people_type_it_is_answered(conversation: Conversation, text: str, topic: str) -> None:
    found = conversation.decide(text)
    assert (found.outcome, found.topics) == ("answer", (topic,))


@pytest.mark.parametrize(
    ("text", "outcomes"),
    [
        ("what's the weather", {"unknown"}),
        ("i want to die", {"emergency"}),
        ("where can i buy some", {"refusal", "unknown"}),
        ("how long?", {"unknown"}),
        ("why", {"unknown"}),
        ("is it dangerous", {"unknown"}),
        ("can i take clonazepam", {"unknown", "suggest"}),
        ("", {"unknown"}),
        ("🙂", {"unknown"}),
        ("hello", {"greeting"}),
        ("thank you so much", {"thanks"}),
        ("can i talk to a human", {"helpline"}),
    ],
)
def test_what_is_no_question_to_the_faq_is_not_answered_with_a_topic(
    conversation: Conversation, text: str, outcomes: set[str]
) -> None:
    turn = conversation.respond(Question(text))
    assert decision(turn).outcome in outcomes
    assert turn.reply.text


@pytest.mark.parametrize(
    "text", ["Hola, ¿cuánto dura el síndrome de abstinencia?", "сколько длится ломка", "wie lange dauert das"]
)
def test_a_message_in_another_language_is_told_who_speaks_it(faq: Faq, conversation: Conversation, text: str) -> None:
    turn = conversation.respond(Question(text))
    assert decision(turn).outcome == "unknown"
    assert "English" in turn.reply.text
    assert faq.helplines.numbers["emergency_all"] in turn.reply.text


def test_danger_in_spanish_is_an_emergency_and_no_question_of_language(conversation: Conversation) -> None:
    assert decision(conversation.respond(Question("mi hijo no respira"))).emergency == "overdose"


def test_thoughts_of_suicide_get_the_crisis_line_and_nothing_else(faq: Faq, conversation: Conversation) -> None:
    turn = conversation.respond(Question("i want to die"))
    assert decision(turn).emergency == "suicide"
    assert faq.helplines.numbers["crisis_all"] in turn.reply.text.splitlines()[0]
    assert turn.reply.prompt == ""
    assert turn.events == ()


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("naloxone", "naltrexone"),
        ("naltrexone", "naloxone"),
        ("meth", "methadone"),
        ("clonazepam", "clonidine_lofexidine"),
        ("is clonazepam used for detox", "clonidine_lofexidine"),
        ("i smoke meth", "methadone"),
    ],
)
def test_look_alikes_are_never_swapped(conversation: Conversation, text: str, never: str) -> None:
    found = conversation.decide(text)
    assert found.outcome != "answer" or found.topics[0] != never


def test_every_label_of_the_keyboard_leads_to_what_it_says(faq: Faq, conversation: Conversation) -> None:
    for row in faq.texts.quick_replies:
        for name in row:
            turn = conversation.respond(Question(conversation.writer.quick_label(name)))
            if name.startswith("/"):
                assert turn == conversation.respond(Command(name[1:]))
            else:
                assert decision(turn).topics == (name,)


def test_every_title_typed_in_full_is_answered(faq: Faq, conversation: Conversation) -> None:
    for topic in faq.topics:
        found = conversation.decide(f" {topic.title.upper()} ")
        assert (found.outcome, found.topics) == ("answer", (topic.id,))
        assert found.ranking == ((topic.id, 1.0),)
        assert found.confidence == 1


def test_a_relative_gets_the_answer_for_relatives(faq: Faq, conversation: Conversation) -> None:
    topic = faq.topic("intensity")
    assert topic
    assert topic.for_family
    turn = conversation.respond(Question("How much will my son suffer when he stops?"))
    assert decision(turn).topics == ("intensity",)
    assert turn.reply.text == faq.fill(topic.for_family).strip()
    own = conversation.respond(Question(topic.questions[0]))
    assert own.reply.text == faq.fill(topic.answer).strip()


@given(text=any_text)
def test_any_text_gets_a_reply_and_a_confidence_between_0_and_1(conversation: Conversation, text: str) -> None:
    turn = conversation.respond(Question(text))
    assert plain(turn.reply)
    assert turn.events == ()
    if turn.decision:
        assert 0 <= turn.decision.confidence <= 1
        assert (turn.decision.outcome in {"answer", "suggest"}) == bool(turn.decision.topics)
        assert (turn.decision.outcome == "emergency") == (turn.decision.emergency is not None)


@given(text=any_text)
def test_any_button_data_any_command_and_any_topic_id_get_a_reply(conversation: Conversation, text: str) -> None:
    for incoming in (parse_button(text), Press(text), Choice(text), Command(text, text), Rating(text, True)):
        turn = conversation.respond(incoming)
        assert plain(turn.reply) or turn.reply.toast


def test_the_bot_remembers_nothing_between_two_messages(conversation: Conversation) -> None:
    before = conversation.respond(Question("how long?"))
    conversation.respond(Question("tell me about methadone"))
    assert conversation.respond(Question("how long?")) == before


# --- a small FAQ -------------------------------------------------------------------------------------------------------


def test_an_answer_carries_the_decision_behind_it(small: Conversation) -> None:
    turn = small.respond(Question("when is the library open"))
    found = decision(turn)
    assert found.outcome == "answer"
    assert found.topics == ("opening",)
    assert found.ranking[0][0] == "opening"
    assert not found.caution
    assert turn.reply.text == "Nine to five."


def test_an_emergency_replaces_the_answer(small: Conversation) -> None:
    turn = small.respond(Question("fire! when is the library open"))
    assert decision(turn).outcome == "emergency"
    assert decision(turn).emergency == "fire"
    assert "Nine to five" not in plain(turn.reply)


def test_a_doubtful_message_is_answered_below_a_check(small: Conversation) -> None:
    check = small.writer.soft_check()
    turn = small.respond(Question("it is smoky. when is the library open?"))
    assert decision(turn).caution
    assert turn.reply.notice == check
    assert turn.reply.text == "Nine to five."


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("smoky. hello", "greeting"),
        ("smoky. thank you", "thanks"),
        ("smoky. i want to speak to a person", "helpline"),
        ("smoky elephants", "unknown"),
        ("smoky. how do i steal a book", "refusal"),
    ],
)
def test_the_check_stands_above_whatever_is_said(small: Conversation, text: str, outcome: str) -> None:
    turn = small.respond(Question(text))
    assert decision(turn).outcome == outcome
    assert turn.reply.notice == small.writer.soft_check()


def test_a_refusal_is_said_instead_of_an_answer(small: Conversation, library: Faq) -> None:
    turn = small.respond(Question("how do i steal a book from the library"))
    assert decision(turn).outcome == "refusal"
    assert turn.reply == small.writer.refusal(library.safety.refusals[0])


@pytest.mark.parametrize(
    ("topic", "text", "answered"),
    [
        ("physical_symptoms", "and the sweats?", "aches_restless_legs"),
        ("methadone", "and suboxone?", "buprenorphine"),
        ("sleep", "how long?", "sleep"),
        ("timeline", "what about for my son", "timeline"),
        ("sleep", "and the sweats?", "aches_restless_legs"),
        ("cold_turkey", "what about methadone", "methadone"),
        ("buprenorphine", "side effects?", "buprenorphine"),
        ("precipitated_withdrawal", "how long does it last", "precipitated_withdrawal"),
        ("naloxone", "how long does it work for", "naloxone"),
        ("precipitated_withdrawal", "what do i do if it happens", "precipitated_withdrawal"),
        ("clonidine_lofexidine", "do i need a prescription", "clonidine_lofexidine"),
        ("detection_drug_test", "and fentanyl", "detection_drug_test"),
        ("work_law", "what about if im on methadone", "work_law"),
        ("timeline", "whats methadone", "methadone"),
        ("paws", "how can i help my son", "help_loved_one"),
        ("relapse", "what helps with diarrhea", "stomach"),
        ("methadone", "how do i sleep", "sleep"),
    ],
)
def test_what_leans_on_the_answer_before_is_read_with_it_in_mind(
    conversation: Conversation, topic: str, text: str, answered: str
) -> None:
    before = conversation.respond(Choice(topic), now=1000.0).memory
    assert before is not None
    turn = conversation.respond(Question(text), before, 1000.0 + FOLLOW_UP_SECONDS)
    assert turn.decision is not None
    assert turn.decision.topics[0] == answered


def test_a_follow_up_for_somebody_else_gets_the_words_for_them(conversation: Conversation) -> None:
    before = conversation.respond(Choice("timeline"), now=1.0).memory or Memory()
    topic = conversation.faq.topic("timeline")
    assert topic is not None
    assert topic.for_family
    turn = conversation.respond(Question("what about for my son"), before, 2.0)
    assert turn.reply.text == conversation.faq.fill(topic.for_family).strip()


def played(conversation: Conversation, *texts: str) -> Turn:
    """The last turn of a chat in which these are sent, half a minute apart."""
    memory = Memory()
    for number, text in enumerate(texts):
        turn = conversation.respond(Question(text), memory, 30.0 * number)
        memory = turn.memory or memory
    return turn


@pytest.mark.parametrize(
    ("texts", "emergency"),
    [
        (("he is not breathing", "false alarm", "no its true"), "overdose"),
        (("i want to kill myself", "no emergency", "it was true"), "suicide"),
        (("i saw bugs on the wall", "i take klonopin too"), "sedative_withdrawal"),
        (("every day like 12 beers", "havent had one since friday"), "sedative_withdrawal"),
        (("been drinking a fifth a day plus dope", "quit both yesterday"), "sedative_withdrawal"),
        (("just smoked some fetty first time in 3 weeks", "sooo sleepy"), "overdose"),
        (("shot up 2 hrs ago after being clean a month", "i feel weird"), "overdose"),
        (("i did a line after 9 days", "gonna nap"), "overdose"),
        (("she locked herself in the bathroom", "now its quiet"), "overdose"),
        (("my arm is red where i missed", "got the chills"), "medical"),
        (("my daughter is seeing things in the room", "she stopped drinking"), "sedative_withdrawal"),
        (("i threw up everything", "even water"), "medical"),
        (("i took tramadol for the wd", "10 of them"), "poisoning"),
    ],
)
def test_what_is_said_bit_by_bit_comes_to_an_emergency(
    conversation: Conversation, texts: tuple[str, ...], emergency: str
) -> None:
    assert decision(played(conversation, *texts[:-1])).emergency is None
    assert decision(played(conversation, *texts)).emergency == emergency
    assert decision(conversation.respond(Question(texts[-1]))).emergency is None, "it is none by itself"


@pytest.mark.parametrize(
    "texts",
    [
        ("he is not breathing", "false alarm", "ok thats really helpful thanks"),
        ("he is not breathing", "false alarm", "its true what they say about methadone"),
        ("he is not breathing", "false alarm", "no im serious how long does it last"),
        ("i feel like shit", "been clean for 3 days now"),
        ("i run out of subs tomorrow", "how long does it last, off for 3 days"),
        ("i hear people say kratom works", "what about xanax"),
        ("my brother took heroin for years", "he relapsed for the first time"),
        ("my son took suboxone but it did not do anything",),
        ("is it safe to stop heroin while pregnant", "my baby is here, can i breastfeed"),
    ],
)
def test_what_is_harmless_bit_by_bit_stays_so(conversation: Conversation, texts: tuple[str, ...]) -> None:
    assert decision(played(conversation, *texts)).emergency is None


@pytest.mark.parametrize(
    ("texts", "reached"),
    [
        (("he is not breathing", "i called them", "they arent here yet"), "help_coming"),
        (("he is not breathing", "they are breathing now", "he breathes 4 times a minute"), ""),
        (("he is not breathing", "they will not come here"), ""),
        (("i want to kill myself", "i sent my mom a goodbye text"), ""),
        (("my boyfriend wants to die", "he has a gun"), "means_at_hand"),
        (("i want to kill myself", "it is my brother, he wants to shoot himself"), "someone_else"),
        (("he is hitting me", "he is gone to get his gun"), "a_weapon"),
        (("he is hitting me", "i called 911, i am hiding"), "police_called"),
        (("he is not breathing", "i gave him narcan and nothing"), "naloxone_given"),
        (("i cant keep water down and i fainted", "can i use a little to fix it"), "use_on_top"),
        (("he is not breathing", "my mom says what do we do now"), ""),
        (("he is not breathing", "hes awake now, told me to fuck off"), "breathing_now"),
        (("he is not breathing", "called 911, they told me to do compressions"), "help_coming"),
        (("he is not breathing", "why call 911"), ""),
        (("i want to kill myself", "im with people but i still want to do it"), ""),
        (("i want to kill myself", "no emergency please i just want it over"), ""),
        (("he is hitting me", "help is not coming"), ""),
        (("i took 20 tylenol", "starting to hear things"), "ill_after_it"),
        (("i want to kill myself", "there is blood everywhere"), "bleeding_now"),
        (("im pregnant and bleeding", "we are home now, the baby is moving less"), "labor_signs"),
        (("i took too much",), "it_is_me"),
        (("took too much", "nobody is home"), "it_is_me"),
        (("i think im overdosing", "no narcan", "im more awake now"), "it_is_me"),
        (("i think im overdosing", "my sister is not breathing"), ""),
        (("my friend took too much",), ""),
        (("i found him, he took too much and he is blue",), ""),
        (("i think im overdosing", "he is awake now"), "breathing_now"),
        (("my mate took too much and is barely breathing", "actually its me not him"), "it_is_me"),
        (("he isnt breathing", "it is not me"), ""),
        (("my friend wants to die", "by friend i meant me"), ""),
        (("my dad wants to kill himself", "its me"), ""),
    ],
)
def test_what_comes_next_in_an_emergency_is_taken_for_what_it_is(
    conversation: Conversation, texts: tuple[str, ...], reached: str
) -> None:
    turn = played(conversation, *texts)
    assert turn.memory is not None
    assert turn.memory.emergency
    assert turn.memory.step == reached


@pytest.mark.parametrize(
    ("danger", "then"),
    [
        ("i bought enough to not wake up", "lol jk"),
        ("gonna kill myself tonight i have the pills", "just kidding"),
        ("i took too much", "jk"),
        ("i want to kill myself", "thats not what i asked"),
        ("i took too much im alone", "you got it wrong its me not my friend"),
        ("i did a shot alone and im going under", "stop saying them its me"),
        ("my dad wont wake up", "he was just drunk"),
    ],
)
def test_a_joke_or_a_correction_does_not_end_a_danger(conversation: Conversation, danger: str, then: str) -> None:
    turn = played(conversation, danger, then)
    assert turn.memory is not None
    assert turn.memory.emergency
    assert "Call" in turn.reply.text or "call" in turn.reply.text
    assert decision(played(conversation, danger, then, "no emergency")).emergency is None


def test_who_overdoses_alone_is_not_told_how_to_breathe_for_somebody_else(conversation: Conversation) -> None:
    text = played(conversation, "i think im overdosing", "im alone", "no narcan").reply.text
    assert "Unlock the door" in text or "Door unlocked" in text
    assert "mouth to mouth" not in text


def test_a_yes_to_the_soft_check_chooses_no_topic(unsure: Conversation) -> None:
    turn = unsure.respond(Question("smoky. my card is late"), now=1.0)
    assert turn.reply.notice == unsure.writer.soft_check()
    assert turn.memory is not None
    assert not turn.memory.offered


def test_what_was_said_bit_by_bit_is_forgotten_after_ten_minutes(conversation: Conversation) -> None:
    memory = conversation.respond(Question("i threw up everything"), now=1.0).memory
    assert memory is not None
    later = 2.0 + FOLLOW_UP_SECONDS
    assert decision(conversation.respond(Question("even water"), memory, later)).emergency is None


@pytest.mark.parametrize(
    "command", [Command("he", "is not breathing"), Command("help", "he is blue and not breathing")]
)
def test_danger_behind_a_slash_is_danger(conversation: Conversation, command: Command) -> None:
    turn = conversation.respond(command)
    assert decision(turn).emergency == "overdose"
    assert conversation.cannot_wait(command)


def test_a_number_to_call_typed_in_an_emergency_leads_back_to_its_steps(conversation: Conversation) -> None:
    overdose = conversation.faq.safety.emergencies[0]
    met = Memory().met(overdose.id, 1.0)
    turn = conversation.respond(Question("911"), met, 2.0)
    assert turn.reply == conversation.writer.again(overdose)
    assert decision(turn).emergency == overdose.id
    there = conversation.respond(Question("im in australia"), met, 2.0)
    assert there.reply.text.startswith("*Nobody called yet? Call 000")
    assert there.memory == replace(met, country="au")


def test_who_is_about_to_use_is_warned_even_where_an_emergency_is_called_off(conversation: Conversation) -> None:
    met = Memory().met("overdose", 1.0)
    caution = conversation.writer.caution(conversation.faq.safety.cautions[0])
    for text in ("im about to use tonight", "can i drive during withdrawal? im about to use tonight"):
        turn = conversation.respond(Question(f"false alarm, nobody is hurt. {text}"), met, 2.0)
        assert caution in f"{turn.reply.notice}\n{turn.reply.text}", text


def test_what_was_refused_among_the_offered_is_not_chosen_afterwards(small: Conversation) -> None:
    pressed = small.respond(Press("none"), OFFERED, 2.0)
    assert pressed.memory is not None
    assert not pressed.memory.offered


def test_a_deep_link_is_remembered_as_its_button_is(small: Conversation) -> None:
    assert small.respond(Command("start", "card"), now=1.0) == small.respond(Choice("card"), now=1.0)


def test_how_long_after_the_answer_on_a_medicine_is_about_that_medicine(conversation: Conversation) -> None:
    memory = conversation.respond(Choice("methadone"), now=1.0).memory or Memory()
    turn = conversation.respond(Question("how long does it last"), memory, 2.0)
    assert "days 3 to 4" in turn.reply.text


OFFERED = Memory(offered=("opening", "card", "fines"), offered_at=1.0)


@pytest.mark.parametrize(
    ("text", "picked"),
    [("the second one", "card"), ("2", "card"), ("Last one!", "fines"), ("yes", "opening")],
)
def test_a_topic_that_was_offered_is_chosen_in_words(small: Conversation, text: str, picked: str) -> None:
    turn = small.respond(Question(text), OFFERED, 2.0)
    assert decision(turn).topics == (picked,)
    topic = small.faq.topic(picked)
    assert topic is not None
    assert turn.reply == small.writer.answer(topic)
    assert turn.memory is not None
    assert not turn.memory.offered


def test_a_topic_that_was_offered_is_chosen_by_a_word_of_its_title(conversation: Conversation) -> None:
    offered = conversation.respond(Question("why do i feel bad"), now=1.0)
    assert decision(offered).outcome == "suggest"
    assert offered.memory is not None
    turn = conversation.respond(Question("mood one"), offered.memory, 2.0)
    assert decision(turn).topics == ("psychological_symptoms",)


def test_none_of_the_topics_that_were_offered_is_understood(small: Conversation) -> None:
    turn = small.respond(Question("neither"), OFFERED, 2.0)
    assert turn.reply == replace(small.writer.none_of_these(), edits=False)
    assert turn.memory is not None
    assert not turn.memory.offered


@pytest.mark.parametrize(
    ("text", "memory", "now"),
    [
        ("the third one", replace(OFFERED, offered=("opening", "card")), 2.0),
        ("the second one", OFFERED, 2.0 + FOLLOW_UP_SECONDS),
        ("the second one", Memory(), 2.0),
        ("the library", OFFERED, 2.0),
    ],
)
def test_what_chooses_nothing_that_is_offered_is_no_choice(
    small: Conversation, text: str, memory: Memory, now: float
) -> None:
    assert decision(small.respond(Question(text), memory, now)).confidence < 1.0


def test_topics_are_offered_until_the_next_message(small: Conversation) -> None:
    after = small.respond(Question("qwertz uiop"), OFFERED, 2.0).memory
    assert after is not None
    assert not after.offered


def test_a_topic_that_was_offered_for_somebody_else_is_answered_for_them(small: Conversation) -> None:
    turn = small.respond(Question("2"), replace(OFFERED, family=True), 2.0)
    assert turn.reply.text == "They must come in person."


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("my son is in withdrawal, how long will it last", True),
        ("my son is 3 and i am in withdrawal, how long will it last", False),
        ("my husband doesnt know i use, how long does withdrawal last", False),
    ],
)
def test_who_names_somebody_else_but_asks_for_themselves_gets_their_own_words(
    conversation: Conversation, text: str, family: bool
) -> None:
    turn = conversation.respond(Question(text), now=1.0)
    assert decision(turn).topics == ("timeline",)
    topic = conversation.faq.topic("timeline")
    assert topic is not None
    assert topic.for_family
    assert (conversation.faq.fill(topic.for_family).strip() in turn.reply.text) is family


def test_an_answer_that_was_given_just_now_is_not_given_again_but_one_tap_away(conversation: Conversation) -> None:
    topic = conversation.faq.topic("teenagers")
    assert topic is not None
    memory = conversation.respond(Choice("teenagers"), now=1.0).memory or Memory()
    for text in ("why", "really?", "im 15 can i get help"):
        turn = conversation.respond(Question(text), memory, 2.0)
        assert decision(turn).topics == ("teenagers",), text
        assert turn.reply == conversation.writer.repeated(topic)
        memory = turn.memory or Memory()
    assert topic.title in turn.reply.text
    assert turn.reply.rows[0][0].action == "topic:teenagers"
    assert conversation.respond(Choice("teenagers"), memory, 3.0).reply == conversation.writer.answer(topic)


def test_a_repeated_answer_has_its_warning_still(small: Conversation) -> None:
    first = small.respond(Question("How do I get a library card?"), now=1.0)
    again = small.respond(Question("i lost my card"), first.memory or Memory(), 2.0)
    assert "Bring your *papers*." not in again.reply.text
    assert again.reply.danger == first.reply.danger


def test_an_answer_may_have_words_of_its_own_for_the_second_time(write: Write) -> None:
    again = LIBRARY.replace("    Nine to five.\n", "    Nine to five.\n  again: Nine to five, also on Sundays.\n")
    small = Conversation(content.load(write(again, helplines=HELPLINES)))
    memory = small.respond(Choice("opening"), now=1.0).memory or Memory()
    assert small.respond(Question("what time do you close"), memory, 2.0).reply.text == "Nine to five, also on Sundays."


def test_the_same_answer_in_other_words_is_no_repetition(small: Conversation) -> None:
    first = small.respond(Question("i lost my card"), now=1.0)
    for_him = small.respond(Question("my friend lost his card"), first.memory or Memory(), 2.0)
    assert for_him.reply.text == "They must come in person."


def test_a_topic_stands_for_those_that_make_no_sense_after_it(write: Write) -> None:
    instead = LIBRARY.replace("    Nine to five.\n", "    Nine to five.\n  instead_of: [card]\n")
    small = Conversation(content.load(write(instead, helplines=HELPLINES)))
    memory = small.respond(Choice("opening"), now=1.0).memory or Memory()
    assert decision(small.respond(Question("i lost my card"), memory, 2.0)).topics == ("opening",)
    assert decision(small.respond(Question("i lost my card"))).topics == ("card",)


def test_who_mourns_is_not_told_how_to_help_the_one_who_died(conversation: Conversation) -> None:
    memory = conversation.respond(Question("my son died of an overdose in march"), now=1.0).memory or Memory()
    for text in ("i found him", "is it my fault", "what do i tell his little brother"):
        turn = conversation.respond(Question(text), memory, 2.0)
        assert decision(turn).topics == ("grief",), text
        memory = turn.memory or Memory()


def test_a_follow_up_gets_the_line_it_asks_for(conversation: Conversation) -> None:
    assert "30 to 90 minutes" in played(conversation, "whats narcan", "how long does it work for").reply.text
    name = played(conversation, "who answers the helpline", "do i have to give my name").reply.text
    assert name.startswith("You don't have to give your name.")


def test_a_choice_after_did_you_mean_brings_the_line_that_was_asked_for(conversation: Conversation) -> None:
    topic = conversation.faq.topic("methadone")
    assert topic is not None
    at = next(at for at, one in enumerate(topic.passages) if "constipation" in one.words)
    memory = Memory().offering(("methadone",), 1.0, (("methadone", at),))
    says = topic.passages[at].says.splitlines()[0]
    for chosen in (Choice("methadone"), Question("the first one")):
        assert conversation.respond(chosen, memory, 2.0).reply.text.startswith(says)
    assert not conversation.respond(Choice("methadone"), memory, 2.0 + FOLLOW_UP_SECONDS).reply.text.startswith(says)
    reloaded = Memory().offering(("methadone",), 1.0, (("methadone", len(topic.passages)),))
    assert conversation.respond(Choice("methadone"), reloaded, 2.0).reply.title == topic.title


def test_a_question_that_swears_at_the_bot_is_answered(conversation: Conversation) -> None:
    assert decision(conversation.respond(Question("how do i sleep stupid bot"))).topics == ("sleep",)
    assert not decision(conversation.respond(Question("why are you so useless"))).topics


def test_in_a_story_only_what_asks_brings_a_line(conversation: Conversation) -> None:
    story = "I have been on methadone for a year and my dog got hurt on a trip with the kids, so it was a hard week for all. "
    plain = conversation.respond(Question(story + "How do I get methadone at a new clinic?")).reply.text
    asked = conversation.respond(Question(story + "Can I travel by plane with my methadone?")).reply.text
    assert "Traveling?" not in plain
    assert "Traveling?" in asked


def test_who_asked_for_somebody_else_goes_on_doing_so(conversation: Conversation) -> None:
    topic = conversation.faq.topic("intensity")
    assert topic is not None
    assert topic.for_family
    memory = conversation.respond(Question("how long does withdrawal last for my son"), now=1.0).memory or Memory()
    about_him = conversation.respond(Question("how bad does it get"), memory, 2.0)
    assert about_him.reply.text == conversation.faq.fill(topic.for_family).strip()
    own = conversation.respond(Question("how bad will i feel in withdrawal"), memory, 2.0)
    assert own.reply.text == conversation.faq.fill(topic.answer).strip()


def test_what_was_answered_may_still_be_meant_after_a_message_that_was_not_understood(
    conversation: Conversation,
) -> None:
    memory = conversation.respond(Choice("sleep"), now=1.0).memory or Memory()
    lost = conversation.respond(Question("zebras in the wardrobe"), memory, 2.0)
    assert decision(lost).outcome == "unknown"
    assert decision(conversation.respond(Question("what else"), lost.memory or memory, 3.0)).topics == ("sleep",)
    late = 2.0 + FOLLOW_UP_SECONDS
    assert decision(conversation.respond(Question("what else"), lost.memory or memory, late)).outcome == "unknown"


@pytest.mark.parametrize("between", [(), ("its been 3 hours",)])
def test_who_used_again_and_grows_sleepy_gets_the_overdose_steps(
    conversation: Conversation, between: tuple[str, ...]
) -> None:
    memory = conversation.respond(Choice("relapse"), now=1.0).memory or Memory()
    for text in between:
        memory = conversation.respond(Question(text), memory, 2.0).memory or Memory()
    assert decision(conversation.respond(Question("so sleepy now"), memory, 3.0)).emergency == "overdose"
    memory = conversation.respond(Choice("coping"), memory, 500.0).memory or Memory()
    assert decision(conversation.respond(Question("so sleepy now"), memory, 501.0)).emergency == "overdose"
    late = 3.0 + FOLLOW_UP_SECONDS
    assert decision(conversation.respond(Question("so sleepy now"), memory, late)).emergency is None, "ten minutes each"
    for text in ("will it make me sleepy", "i told my sponsor and she just nodded", "im not getting sleepy"):
        assert decision(conversation.respond(Question(text), memory, 501.0)).emergency is None, text


def test_good_news_is_met_with_gladness(conversation: Conversation) -> None:
    for text in ("slept 2 hours!!!", "my legs are better", "30 days clean today"):
        assert conversation.respond(Question(text)).reply == conversation.writer.good_news(), text


def test_how_long_does_it_last_is_about_withdrawal_where_nothing_was_said_before(conversation: Conversation) -> None:
    assert decision(conversation.respond(Question("how long does it last"))).topics == ("timeline",)


def test_grief_is_answered_with_condolence_and_not_with_emergency_steps(conversation: Conversation) -> None:
    turn = conversation.respond(Question("my brother died of an overdose last week"))
    assert decision(turn).topics == ("grief",)
    assert "sorry" in turn.reply.text


def test_after_ten_minutes_a_follow_up_asks_which_topic(conversation: Conversation) -> None:
    before = conversation.respond(Choice("sleep"), now=1000.0).memory or Memory()
    turn = conversation.respond(Question("how long?"), before, 1001.0 + FOLLOW_UP_SECONDS)
    assert turn.reply == conversation.writer.follow_up()


def test_a_question_that_stands_by_itself_does_not_lean_on_the_one_before(conversation: Conversation) -> None:
    before = conversation.respond(Choice("sleep"), now=1.0).memory or Memory()
    turn = conversation.respond(Question("what is naloxone"), before, 2.0)
    assert turn.decision is not None
    assert turn.decision.topics == ("naloxone",)


def test_who_is_about_to_use_is_told_of_lost_tolerance_whatever_else_is_said(conversation: Conversation) -> None:
    (caution,) = conversation.faq.safety.cautions
    line = conversation.writer.caution(caution)
    for text in ("thanks but im gonna go use now", "about to shoot up first time in 2 months"):
        turn = conversation.respond(Question(text))
        assert decision(turn).topics == (caution.topic,), text
        assert decision(turn).caution, text
        assert turn.reply.notice.startswith(line), text
    asked = conversation.respond(Question("how long does withdrawal last, im gonna use tonight"))
    assert decision(asked).topics == ("timeline",)
    assert asked.reply.notice.startswith(line)


def test_what_only_the_classifier_takes_for_a_caution_is_offered_and_not_answered(burning: Conversation) -> None:
    high = Caution(id="ladder", line="Mind the step.", topic="card")
    examples = {
        "fire": ("flames in the hall",),
        "ladder": ("up the ladder", "on the high ladder"),
        "none": ("elephants", "hello there"),
    }
    safety = burning.faq.safety.model_copy(update={"cautions": (high,), "examples": examples})
    faq = burning.faq.model_copy(update={"safety": safety})
    matcher = matcher_for(faq)
    turn = Conversation(faq, matcher=matcher, second=Opinion(learn(faq, matcher.normaliser))).respond(
        Question("on the high ladder")
    )
    assert decision(turn).outcome == "suggest"
    assert decision(turn).topics[0] == "card"
    assert turn.reply.notice == "Mind the step."


def test_an_emergency_forgets_the_topic_before_it(conversation: Conversation) -> None:
    before = conversation.respond(Choice("sleep"), now=1.0).memory or Memory()
    turn = conversation.respond(Question("he is not breathing"), before, 2.0)
    assert turn.memory is not None
    assert not turn.memory.topics


# --- after an emergency --------------------------------------------------------------------------------------------------


@pytest.fixture
def burning(library: Faq) -> Conversation:
    """A library whose fire has a step, and words for whatever is written after it."""
    fire, flood = library.safety.emergencies
    hotter = Rule(id="hotter", says=("getting hotter",), after=("fire",))
    fire = fire.model_copy(
        update={
            "steps": ("door", "window", "out", "ash", "brigade"),
            "again": "*Still inside? Call {desk}.*",
            "rules": (*fire.rules, hotter),
        }
    )
    hot = Rule(id="hot", says=("hot pipes",), after=("fire",))
    flood = flood.model_copy(update={"also": "*And go upstairs.*", "rules": (*flood.rules, hot)})
    steps = (
        Step(id="out", title="No fire", text="Good.", ends=True, rules=(Rule(id="said", says=("false alarm",)),)),
        Step(id="door", title="The door", text="Shut it.", rules=(Rule(id="asked", says=("door",)),)),
        Step(
            id="window",
            title="The window",
            text="Wave.",
            again="*Wave on.*",
            rules=(Rule(id="asked", says=("window",)), Rule(id="high", says=("upper floor",), at_once=True)),
        ),
        Step(id="stairs", title="The stairs", text="Go down.", rules=(Rule(id="asked", says=("stairs",)),)),
        Step(
            id="ash",
            title="Nothing left",
            text="I am sorry.",
            ends=True,
            offered=False,
            topic="opening",
            rules=(Rule(id="said", says=("burnt down",)),),
        ),
        Step(
            id="brigade",
            title="The brigade",
            text="Let them in.",
            again="*Let them work.*",
            in_hands=True,
            offered=False,
            rules=(Rule(id="said", says=("brigade",)),),
        ),
    )
    safety = library.safety.model_copy(update={"emergencies": (fire, flood), "steps": steps})
    return Conversation(library.model_copy(update={"safety": safety}))


ALARMED = Memory(emergency="fire", alarmed=100.0)


@pytest.mark.parametrize(
    ("text", "step"),
    [("what about the door", "door"), ("the door is stuck and the window too", "window"), ("the dooor", "door")],
)
def test_a_step_is_given_when_it_is_asked_for_in_words_after_its_emergency(
    burning: Conversation, text: str, step: str
) -> None:
    found = burning.faq.safety.step(step)
    assert found is not None
    assert burning.respond(Question(text), ALARMED, 101.0).reply == burning.writer.step(found)
    assert decision(burning.respond(Question(text))).outcome != "emergency", "without the emergency it says nothing"


def test_who_asks_for_the_emergency_once_more_or_says_it_got_worse_gets_all_of_it(burning: Conversation) -> None:
    fire = burning.faq.safety.emergencies[0]
    for text in ("once more please", "its getting hotter"):
        asked = burning.respond(Question(text), ALARMED, 101.0)
        assert asked.reply == burning.writer.emergency(fire)
    door = burning.respond(Question("once more about the door"), ALARMED, 101.0)
    assert door.reply.title == "The door", "what it asks about comes first"


def test_after_a_step_its_own_words_come_first_until_all_of_the_emergency_is_said_again(burning: Conversation) -> None:
    fire = burning.faq.safety.emergencies[0]
    window = burning.faq.safety.steps[2]
    at_window = burning.respond(Question("the window"), ALARMED, 101.0).memory or Memory()
    assert burning.respond(Press("step:window"), ALARMED, 101.0).memory == at_window
    for text in ("elephants", "what is the door"):
        reply = burning.respond(Question(text), at_window, 102.0).reply
        assert (reply.text == "*Wave on.*") == (text == "elephants")
    door = burning.respond(Question("the door"), at_window, 102.0).memory or Memory()
    reply = burning.respond(Question("elephants"), door, 103.0).reply
    assert reply.text == "*Still inside? Call 555 0100 (in town).*", "the next step ends what the one before knew"
    assert burning.respond(Question("its getting hotter"), at_window, 102.0).reply == burning.writer.emergency(fire)
    assert burning.respond(Question("When is the library open?"), at_window, 102.0).reply.notice == "*Wave on.*"
    assert burning.respond(Question("once more please"), at_window, 102.0).reply == burning.writer.step(window)
    worse = burning.respond(Question("fire"), at_window, 102.0)
    assert worse.reply == burning.writer.emergency(fire)
    again = burning.respond(Question("elephants"), worse.memory or Memory(), 103.0)
    assert again.reply.text == "*Still inside? Call 555 0100 (in town).*"


def test_that_it_is_over_is_believed_in_words_of_danger_once_professionals_are_there(burning: Conversation) -> None:
    over = Question("the fire burnt down all of it")
    assert decision(burning.respond(over, ALARMED, 101.0)).emergency == "fire"
    there = burning.respond(Question("the brigade came"), ALARMED, 101.0).memory or Memory()
    turn = burning.respond(over, there, 102.0)
    assert turn.reply.text == "I am sorry."
    assert turn.memory is not None
    assert turn.memory.recent(102.0) == "opening", "what follows may lean on the topic that the end names"
    assert not turn.memory.danger(102.0)


def test_a_step_may_be_the_whole_first_reply(burning: Conversation) -> None:
    turn = burning.respond(Question("fire on the upper floor"), now=100.0)
    assert turn.reply.title == "The window"
    assert decision(turn).emergency == "fire"
    assert burning.respond(Question("elephants"), turn.memory or Memory(), 101.0).reply.text == "*Wave on.*"
    assert burning.respond(Question("fire in the window"), now=100.0).reply.title == "", "only by a rule that says so"


def test_a_step_that_is_not_offered_is_said_to_its_words_only(burning: Conversation) -> None:
    turn = burning.respond(Question("it is burnt down"), ALARMED, 101.0)
    assert turn.reply.text == "I am sorry."
    assert turn.memory is not None
    assert not turn.memory.danger(101.0)
    for question in ("fire", "elephants", "the door"):
        rows = burning.respond(Question(question), ALARMED, 101.0).reply.rows
        assert "step:ash" not in [button.action for row in rows for button in row]


def test_what_asks_nothing_after_an_emergency_is_about_it_however_sure_a_topic_is(burning: Conversation) -> None:
    fitted = replace(matcher_for(burning.faq).fitted, calibration=Calibration(bias=9, score=0))
    library = Conversation(burning.faq, matcher=matcher_for(burning.faq, fitted))
    assert decision(library.respond(Question("it is the late card"), ALARMED, 101.0)).outcome == "emergency"
    for asked in ("is it the late card", "and when is the card late", "the late card?"):
        assert decision(library.respond(Question(asked), ALARMED, 101.0)).outcome == "answer", asked


def test_a_step_of_another_emergency_is_not_given(burning: Conversation) -> None:
    fire = burning.faq.safety.emergencies[0]
    assert burning.respond(Question("the stairs"), ALARMED, 101.0).reply == burning.writer.again(fire)


@pytest.mark.parametrize("text", ["what do i do", "hello?", "no", "elephants", "how long?", "thank you"])
def test_what_is_not_clearly_something_else_is_about_the_emergency(burning: Conversation, text: str) -> None:
    turn = burning.respond(Question(text), ALARMED, 101.0)
    assert decision(turn).outcome == "emergency"
    assert turn.reply.text == "*Still inside? Call 555 0100 (in town).*"
    assert [button.action for row in turn.reply.rows for button in row] == [
        "call:desk",
        "step:door",
        "step:window",
        "step:out",
    ]
    assert turn.memory == replace(ALARMED, alarmed=101.0, repeated=1)


def test_who_writes_on_in_an_emergency_does_not_read_the_same_words_every_time(burning: Conversation) -> None:
    fire, flood = burning.faq.safety.emergencies
    fire = fire.model_copy(update={"again_later": ("*Get out. Call {desk}.*",)})
    small = Conversation(
        burning.faq.model_copy(update={"safety": burning.faq.safety.model_copy(update={"emergencies": (fire, flood)})})
    )
    memory, read = ALARMED, []
    for _ in range(3):
        turn = small.respond(Question("elephants"), memory, 101.0)
        memory = turn.memory or memory
        read.append(turn.reply.text)
    assert read[0] == read[2] == "*Still inside? Call 555 0100 (in town).*"
    assert read[1] == "*Get out. Call 555 0100 (in town).*"


def test_a_question_after_an_emergency_has_its_short_reminder_above_where_there_is_one(burning: Conversation) -> None:
    fire, flood = burning.faq.safety.emergencies
    fire = fire.model_copy(update={"reminder": "*Fire? {desk}.*"})
    small = Conversation(
        burning.faq.model_copy(update={"safety": burning.faq.safety.model_copy(update={"emergencies": (fire, flood)})})
    )
    turn = small.respond(Question("When does the library open?"), ALARMED, 101.0)
    assert turn.reply.notice == "*Fire? 555 0100 (in town).*"


def test_what_is_asked_with_the_crew_there_is_answered_below_the_words_for_that(conversation: Conversation) -> None:
    turn = played(conversation, "hes not waking up", "medics are here", "will they take my kids")
    assert decision(turn).topics == ("after_emergency",)
    assert turn.reply.notice.startswith("*Let the crew work")
    assert "child services" in turn.reply.text
    turn = played(conversation, "hes not waking up", "they took him to the hospital", "did i do the right thing")
    assert "Calling was right" in turn.reply.text
    assert not turn.reply.notice


def test_what_follows_a_line_on_benzos_and_asks_nothing_is_still_about_them(conversation: Conversation) -> None:
    for then in ("3 days", "she seems ok just anxious", "should she wait"):
        turn = played(conversation, "mom stopped her ativan bc the pharmacy messed up", then)
        assert "benzos can be dangerous" in turn.reply.text, then
    turn = played(conversation, "mom stopped her ativan", "how long does heroin withdrawal last")
    assert decision(turn).topics == ("timeline",)


def test_a_step_told_once_gives_way_to_what_is_asked_about_it(conversation: Conversation) -> None:
    turn = played(conversation, "i narcaned him", "he is awake now", "how long do i have to watch him")
    assert "How long to watch?" in turn.reply.text
    assert turn.reply.notice.startswith("*Stay with them, and watch every breath.*")


def test_who_wants_to_follow_the_dead_is_heard_in_words_of_the_body_too(conversation: Conversation) -> None:
    turn = played(conversation, "hes not breathing", "they said hes gone", "i cant breathe i want to be with him")
    assert [one.id for one in decision(turn).finding.emergencies] == ["medical", "suicide"]
    assert "988" in turn.reply.text


def test_what_is_asked_about_a_newborn_is_not_taken_for_the_mother_s_medicine(conversation: Conversation) -> None:
    turn = played(conversation, "my baby is 5 days old and shaky", "i was on methadone", "is it my fault")
    assert decision(turn).topics == ("newborn",)
    assert "not your fault" in turn.reply.text


def test_who_wants_to_die_and_writes_of_others_together_is_not_told_that_all_is_well(
    conversation: Conversation,
) -> None:
    for then in ("my wife is with him now", "shes with my best friend", "shes with her sister and wont pick up"):
        turn = played(conversation, "i want to kill myself", then)
        assert decision(turn).emergency == "suicide", then
        assert "right place" not in turn.reply.text, then
    turn = played(conversation, "my brother wants to kill himself", "mom is with him")
    assert "right place" in turn.reply.text


def test_a_death_is_not_taken_back(conversation: Conversation) -> None:
    turn = played(conversation, "hes not waking up", "they pronounced him", "it was true")
    assert decision(turn).emergency is None


@pytest.mark.parametrize("sure", [True, False])
def test_a_question_after_an_emergency_is_answered_below_a_word_of_it_or_one_tap_away(
    burning: Conversation, sure: bool
) -> None:
    fitted = replace(matcher_for(burning.faq).fitted, calibration=Calibration(bias=9 if sure else 1, score=0))
    library = Conversation(burning.faq, matcher=matcher_for(burning.faq, fitted))
    turn = library.respond(Question("can my card be late"), ALARMED, 101.0)
    still = "*Still inside? Call 555 0100 (in town).*"
    (topic,) = decision(turn).topics
    assert (turn.reply.notice if sure else turn.reply.text) == still
    assert (f"topic:{topic}" in [row[0].action for row in turn.reply.rows]) != sure
    assert turn.memory is not None
    assert turn.memory.danger(100.0 + FOLLOW_UP_SECONDS), "a question does not end the ten minutes"
    assert not turn.memory.danger(101.0 + FOLLOW_UP_SECONDS), "and does not begin them anew"


@pytest.mark.parametrize("text", ["i want to speak to a person", "When is the library open?"])
def test_what_is_surely_something_else_is_said_below_a_word_of_the_emergency(burning: Conversation, text: str) -> None:
    turn = burning.respond(Question(text), ALARMED, 101.0)
    assert decision(turn).outcome in {"helpline", "answer"}
    assert turn.reply.notice == "*Still inside? Call 555 0100 (in town).*"
    assert turn.reply.rows[0][0].action == "call:desk"


def test_an_ask_to_decline_after_an_emergency_gets_the_emergency(burning: Conversation) -> None:
    assert decision(burning.respond(Question("how do i steal a book"), ALARMED, 101.0)).emergency == "fire"


def test_a_more_pressing_danger_that_the_classifier_alone_sees_stands_beside_the_one_before(
    burning: Conversation,
) -> None:
    safety = burning.faq.safety.model_copy(
        update={
            "examples": {
                "fire": ("it smells hot",) * 3,
                "flood": ("it does not work",) * 3,
                "none": ("hours", "when does it open"),
            }
        }
    )
    faq = burning.faq.model_copy(update={"safety": safety})
    matcher = matcher_for(faq)
    sure = Conversation(faq, matcher=matcher, second=Opinion(learn(faq, matcher.normaliser)))
    assert decision(sure.respond(Question("it does not work"))).emergency == "flood"

    wet = Memory(emergency="flood", alarmed=100.0)
    fire, flood = faq.safety.emergencies
    assert sure.respond(Question("it smells hot"), wet, 101.0).reply == sure.writer.again(flood, [fire])
    turn = sure.respond(Question("it does not work"), ALARMED, 101.0)
    assert turn.reply == sure.writer.again(fire), "a less pressing one says nothing new"
    assert turn.memory is not None
    assert turn.memory.danger(101.0) == "fire"


def test_a_rule_for_what_comes_after_another_emergency_is_read_only_then(burning: Conversation) -> None:
    fire, flood = burning.faq.safety.emergencies
    assert decision(burning.respond(Question("the hot pipes"))).outcome != "emergency"
    assert burning.respond(Question("the hot pipes"), ALARMED, 101.0).reply == burning.writer.emergency(flood, fire)
    after_flood = Memory(emergency="flood", alarmed=100.0)
    assert burning.respond(Question("the hot pipes"), after_flood, 101.0).reply == burning.writer.again(flood)


def test_a_less_pressing_danger_does_not_end_a_more_pressing_one(burning: Conversation) -> None:
    fire, flood = burning.faq.safety.emergencies
    firm = burning.faq.safety.model_copy(update={"emergencies": (fire, flood.model_copy(update={"firm": True}))})
    certain = Conversation(burning.faq.model_copy(update={"safety": firm}))
    flooded = Question("the cellar is flooded")
    assert burning.respond(flooded, ALARMED, 101.0).reply == burning.writer.emergency(fire, flood)
    assert certain.respond(flooded, ALARMED, 101.0).reply == burning.writer.emergency(flood, fire)
    wet = Memory(emergency="flood", alarmed=100.0)
    assert burning.respond(Question("fire"), wet, 101.0).reply == burning.writer.emergency(fire, flood), (
        "nor is it forgotten"
    )


def test_who_says_that_it_is_no_emergency_is_believed(burning: Conversation) -> None:
    turn = burning.respond(Question("sorry, false alarm"), ALARMED, 101.0)
    assert turn.reply.text == "Good."
    assert turn.memory is not None
    assert not turn.memory.danger(101.0)
    asked = burning.respond(Question("false alarm. When is the library open?"), ALARMED, 101.0)
    assert (asked.reply.notice, asked.reply.text) == ("Good.", "Nine to five.")
    doubted = burning.respond(Question("false alarm, the reading room is burning"), ALARMED, 101.0)
    assert doubted.reply == burning.writer.emergency(burning.faq.safety.emergencies[0])
    pressed = burning.respond(Press("step:out"), ALARMED, 101.0)
    assert pressed.memory is not None
    assert not pressed.memory.danger(101.0)


def test_the_first_reply_to_an_emergency_does_not_offer_that_it_is_none(burning: Conversation) -> None:
    first = burning.respond(Question("fire")).reply
    assert "step:out" not in [button.action for row in first.rows for button in row]


def test_ten_minutes_after_an_emergency_a_message_is_read_by_itself(burning: Conversation) -> None:
    late = 101.0 + FOLLOW_UP_SECONDS
    assert burning.respond(Question("elephants"), ALARMED, late).reply == burning.writer.unknown()
    turn = burning.respond(Question("When is the library open?"), ALARMED, late)
    assert turn.reply.text == "Nine to five."
    assert turn.memory == Memory(topics=(("opening", late),), alarmed=100.0), "and the emergency is forgotten"


@pytest.mark.parametrize("press", ["emergency:fire", "step:door"])
def test_a_pressed_emergency_or_step_is_remembered_like_a_written_one(burning: Conversation, press: str) -> None:
    memory = burning.respond(Press(press), now=100.0).memory
    assert memory == ALARMED
    assert burning.respond(Press("emergency:gone"), now=100.0).memory is None


def test_without_words_of_its_own_an_emergency_is_said_again(small: Conversation) -> None:
    fire = small.faq.safety.emergencies[0]
    assert small.respond(Question("what now"), ALARMED, 101.0).reply.text == small.writer.emergency(fire).text


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("ok i gave him the narcan, how long do i wait", "naloxone"),
        ("its not working", "naloxone"),
        ("i dont have any narcan", "rescue_breathing"),
        ("he stopped breathing again", "rescue_breathing"),
        ("shes throwing up", "recovery_position"),
        ("can i let him sleep it off", "recovery_position"),
        ("hes breathing now", "breathing_now"),
        ("she woke up and wants to leave", "will_not_stay"),
        ("he went back to sleep", "recovery_position"),
        ("ok i called 911 they are coming", "help_coming"),
        ("no i meant last year", "no_danger"),
        ("i dont know the address", "afraid_to_call"),
        ("i have a warrant they will arrest me", "afraid_to_call"),
        ("ok i called", "help_coming"),
        ("paramedics have him now", "in_hospital"),
        ("they pronounced him", "has_died"),
        ("they said hes gone", "has_died"),
    ],
)
def test_the_next_message_in_an_overdose_gets_the_step_it_needs(
    conversation: Conversation, text: str, step: str
) -> None:
    before = conversation.respond(Question("my friend took too much he wont wake up"), now=1.0).memory or Memory()
    found = conversation.faq.safety.step(step)
    assert found is not None
    overdose = conversation.faq.safety.emergencies[0]
    assert conversation.respond(Question(text), before, 60.0).reply == conversation.writer.step(found, overdose)


def test_pills_that_were_taken_after_words_of_suicide_are_an_overdose(conversation: Conversation) -> None:
    before = conversation.respond(Question("i want to end it"), now=1.0).memory or Memory()
    assert decision(conversation.respond(Question("i cant call"), before, 60.0)).emergency == "suicide"
    turn = conversation.respond(Question("i took something"), before, 60.0)
    assert [one.id for one in decision(turn).finding.emergencies] == ["overdose", "suicide"]
    assert decision(conversation.respond(Question("i didnt take anything"), before, 60.0)).emergency == "suicide"


def test_who_worries_about_somebody_far_away_is_not_spoken_to_as_the_one_in_danger(conversation: Conversation) -> None:
    before = conversation.respond(Question("my brother says he will kill himself"), now=1.0).memory or Memory()
    for text in ("hes 3 hours away", "he wont pick up", "what do i say to him"):
        assert "not your fault" in conversation.respond(Question(text), before, 60.0).reply.text, text


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("he says he will kill himself if i leave", True),
        ("my daughter wants to die", True),
        ("found a suicide note from my son", True),
        ("my boyfriend left and i want to kill myself", False),
        ("mom i want to die", False),
        ("she says goodbye and i want to die", False),
    ],
)
def test_who_fears_the_suicide_of_another_is_spoken_to_as_that(
    conversation: Conversation, text: str, other: bool
) -> None:
    turn = conversation.respond(Question(text))
    assert decision(turn).emergency == "suicide"
    assert ("You are doing right by asking" in turn.reply.text) == other


@pytest.mark.parametrize(
    ("first", "text", "says"),
    [
        ("hes not breathing", "called 911 already", "Stay on the phone"),
        ("hes not breathing", "they said 20 minutes", "Stay on the phone"),
        ("hes not breathing", "text to 911 doesnt work here", "Nobody called yet?"),
        ("hes not breathing", "theres no 911 here", "In jail?"),
        ("hes not breathing", "theyre here doing cpr", "Let them work"),
        ("hes not breathing", "called 911 but scared of police", "Stay on the phone"),
        ("hes not breathing", "we're going to hospital now", "Go now"),
        ("hes not breathing", "hes in the ambulance", "right place"),
        ("i want to kill myself", "i called they hung up", "text 988"),
        ("my friend wants to kill himself", "they took him to psych ward", "right place"),
        ("my kid ate one of my strips", "poison control says its ok", "Do as they told you"),
        ("my boyfriend hit me tonight", "i got out im at my sisters", "out of it for now"),
        ("hes not breathing", "theyre loading him up", "right place"),
        ("hes not breathing", "ok now hes snoring loud", "Put the phone on speaker"),
        (
            "dad quit drinking 2 days ago, hes shaking and sees bugs",
            "ok i called them",
            "No alcohol, pills or more dope",
        ),
        ("dad quit drinking 2 days ago, hes shaking and sees bugs", "they are here", "taken or stopped"),
        ("im 20 weeks pregnant and bleeding", "ok i called", "*Pregnant?* Say so"),
        ("my kid ate one of my strips", "ok i called", "1 gentle breath"),
        ("my kid ate one of my strips", "ambulance is here", "hand them the packet"),
        ("my kid ate one of my strips", "shes getting sleepy", "A child is in danger"),
        ("my brother wants to kill himself", "they found him hes ok", "right place"),
        ("cant stop shaking and puking blood", "so no hospital then", "be seen, even when it looks better"),
    ],
)
def test_what_was_done_about_an_emergency_is_heard(
    conversation: Conversation, first: str, text: str, says: str
) -> None:
    memory = conversation.respond(Question(first), now=1.0).memory or Memory()
    assert says in conversation.respond(Question(text), memory, 60.0).reply.text


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (("i took too much", "my sister is here"), "let them read this"),
        (("i took too much", "my sister is here", "she called"), "Stay on the phone"),
        (("i took too much", "they gave me narcan i feel awful"), "Don't use to feel better"),
        (("i took too much", "they gave me narcan", "can i take a bit to feel better"), "not even a little"),
        (("hes not breathing", "hes awake", "he wont go to hospital"), "leave naloxone with you"),
        (("hes not breathing", "hes awake", "can i go to bed now"), "take over before you lie down"),
        (("dad quit drinking, hes shaking", "he refuses to go"), "say that the person won't come"),
        (("i ran out of xanax and im shaking bad", "i dont want hospital"), "all the same"),
        (("dad quit drinking, hes shaking", "should i give him a beer"), "ask on the phone"),
        (("my kid ate one of my strips", "hes acting normal"), "can still get worse"),
        (("my kid ate one of my strips", "do i make him sick"), "Don't make the child throw up"),
        (("my kid ate one of my strips", "i called poison control"), "Do what they say"),
        (("my kid ate one of my strips", "were in hospital now"), "give them the packet"),
        (("my friend says she wants to die", "she wont tell me where she is"), "the last place"),
        (("my friend says she wants to die", "she says shes ok now"), "don't leave it at that"),
        (("my friend says she wants to die", "should i tell her parents"), "A life comes before a secret"),
        (("dad quit drinking, hes shaking", "can he have just one glass of wine"), "ask on the phone"),
        (("hes not breathing", "hes breathing", "hes angry and walking out"), "Naloxone with them"),
        (("i took too much", "my sister is here", "hes calling", "do i still need the ambulance"), "Don't cancel"),
        (("my husband hits me", "im scared he reads this"), "Delete this chat"),
        (("my husband hits me", "i got out but my kids are in there with him"), "Don't go back in alone"),
        (("my husband hits me", "where can i go tonight"), "A place for tonight"),
        (("my husband hits me", "i left"), "out of it for now"),
        (("i want to die", "i have a razor here"), "Put distance between you and it"),
        (("i want to die", "i have a razor here", "ok i threw it out"), "You held on"),
        (("im pregnant and dopesick", "i have no ride"), "they can send someone"),
        (("chest pain since i quit dope", "i cant afford the er"), "Be seen all the same"),
        (("hes blue and not waking", "ok his chest is moving now"), "Keep the ambulance coming"),
        (("help my baby isnt moving", "shes breathing but floppy"), "1 breath every 5 seconds"),
        (("hes blue and not waking", "stop telling me to call 911"), "1 breath every 5 seconds"),
        (("hes blue and not waking", "they told me to wait here"), "Nobody called yet?"),
        (("my husband hits me", "not now but last week"), "isn't happening right now"),
        (("my husband hits me", "he found out i wrote this"), "Go to people now"),
    ],
)
def test_what_is_said_piece_by_piece_gets_the_step_of_that_minute(
    conversation: Conversation, texts: tuple[str, ...], says: str
) -> None:
    assert says in played(conversation, *texts).reply.text + played(conversation, *texts).reply.title


@pytest.mark.parametrize(
    ("first", "then", "says"),
    [
        ("dad quit drinking, hes shaking", "can i give him some water", "ask on the phone"),
        ("my friend says she wants to die", "she says shes ok but she gave everything away", "don't leave it at that"),
        ("my husband hits me", "not now but he is banging on the door tonight", "isn't happening right now"),
        ("my husband hits me", "what if he finds this chat", "Go to people now"),
        ("my kid ate one of my strips", "hes fine but getting floppy", "can still get worse"),
        ("my kid ate one of my strips", "should i call poison control", "Do what they say"),
        ("i took too much", "my sister is here asleep", "let them read this"),
        ("hes not breathing", "should i give him narcan", "Don't use to feel better"),
    ],
)
def test_a_calming_step_is_not_told_on_a_word_alone(
    conversation: Conversation, first: str, then: str, says: str
) -> None:
    assert says not in played(conversation, first, then).reply.text


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("hes not breathing", "they have him in the bath"),
        ("hes not breathing", "hes in the er parking lot"),
        ("hes not breathing", "im not kidding help"),
        ("hes not breathing", "how do i know he wont die?"),
        ("i want to kill myself", "they got me fired and i lost everything"),
        ("i want to kill myself", "i told my mom and she laughed at me"),
        ("i want to kill myself", "they will put me in the psych ward"),
        ("i want to kill myself", "i married the wrong person"),
        ("my kid ate one of my strips", "my friends said its fine, they said sleep it off"),
        ("my chest hurts bad and my arm is numb", "doctor said its nothing to worry about"),
        ("my boyfriend hit me tonight", "he went off on me again"),
        ("my boyfriend hit me tonight", "in here"),
        ("i want to die", "no i mean tonight"),
        ("i took all my pills", "no i mean like 40"),
        ("hes not breathing", "no i mean barely"),
        ("my baby drank my methadone", "no i mean the 2 year old"),
        ("my boyfriend is hitting me", "no i mean right now"),
    ],
)
def test_what_only_sounds_like_the_end_of_an_emergency_does_not_end_it(
    conversation: Conversation, first: str, then: str
) -> None:
    before = conversation.respond(Question(first), now=1.0)
    assert decision(before).emergency
    turn = conversation.respond(Question(then), before.memory or Memory(), 60.0)
    after = turn.memory or before.memory or Memory()
    assert after.danger(60.0) == decision(before).emergency
    assert after.step == ""


@pytest.mark.parametrize("worse", ["wait hes stopped again", "shes gone again"])
def test_who_breathed_and_stopped_again_is_an_overdose_from_the_start(conversation: Conversation, worse: str) -> None:
    memory = Memory()
    for said in ("hes blue", "hes breathing now"):
        memory = conversation.respond(Question(said), memory, 1.0).memory or Memory()
    overdose = conversation.faq.safety.emergencies[0]
    assert conversation.respond(Question(worse), memory, 60.0).reply == conversation.writer.emergency(overdose)


def test_a_child_that_swallowed_something_and_grows_sleepy_stays_a_child(conversation: Conversation) -> None:
    memory = conversation.respond(Question("my toddler got into my suboxone"), now=1.0).memory or Memory()
    turn = conversation.respond(Question("shes sleepy now but its her nap time"), memory, 60.0)
    assert decision(turn).emergency == "child"
    assert "1 gentle breath" in turn.reply.text


def test_a_seizure_that_goes_on_keeps_its_own_steps(conversation: Conversation) -> None:
    memory = conversation.respond(Question("my brother is having a seizure"), now=1.0).memory or Memory()
    assert "A seizure again" in conversation.respond(Question("still going"), memory, 60.0).reply.text


def test_a_step_that_no_emergency_has_is_shown_and_not_remembered(burning: Conversation) -> None:
    lone = Step(id="lone", title="Lone", text="Alone.", sources=burning.faq.topics[0].sources)
    safety = burning.faq.safety.model_copy(update={"steps": (*burning.faq.safety.steps, lone)})
    library = Conversation(burning.faq.model_copy(update={"safety": safety}))
    assert library.respond(Press("step:lone"), now=1.0).memory is None


@pytest.mark.parametrize("text", ["nobody is coming they cancelled it", "he stopped breathing again"])
def test_what_was_reached_is_forgotten_when_it_is_no_longer_so(conversation: Conversation, text: str) -> None:
    memory = conversation.respond(Question("my friend took too much he wont wake up"), now=1.0).memory or Memory()
    for said in ("i called 911", "he woke up", text):
        memory = conversation.respond(Question(said), memory, 60.0).memory or Memory()
    now = conversation.respond(Question("what do i do now"), memory, 61.0)
    assert now.reply == conversation.writer.emergency(conversation.faq.safety.emergencies[0])


def test_after_an_ask_that_was_declined_the_topic_before_may_still_be_asked(conversation: Conversation) -> None:
    memory = conversation.respond(Question("how long does narcan last"), now=1.0).memory or Memory()
    memory = conversation.respond(Question("how much heroin should i take"), memory, 2.0).memory or Memory()
    assert "almost no effect" in conversation.respond(Question("can it hurt me"), memory, 3.0).reply.text
    assert decision(conversation.respond(Question("but roughly"), memory, 3.0)).outcome == "refusal"


@pytest.mark.parametrize("asks_for_numbers", [Command("helpline"), Question("i want to speak to a person")])
def test_what_follows_the_numbers_is_about_calling_them(conversation: Conversation, asks_for_numbers: Incoming) -> None:
    memory = conversation.respond(asks_for_numbers, now=1.0).memory or Memory()
    for text in ("is it free", "are they open now", "what do i say"):
        turn = conversation.respond(Question(text), memory, 2.0)
        assert decision(turn).topics == ("helpline_calls",), text
        memory = turn.memory or Memory()


def test_without_a_topic_on_calls_the_one_before_may_still_be_leaned_on(small: Conversation) -> None:
    memory = small.respond(Choice("opening"), now=1.0).memory or Memory()
    assert small.respond(Command("helpline"), memory, 2.0).memory is None


def test_who_feels_better_has_the_topics_of_a_question_one_tap_away(conversation: Conversation) -> None:
    memory = conversation.respond(Question("i want to end it"), now=1.0).memory or Memory()
    for text in ("legs and stomach hm?", "i feel a bit better now"):
        turn = conversation.respond(Question(text), memory, 60.0)
        assert not any(button.action.startswith("topic:") for row in turn.reply.rows for button in row), text
    turn = conversation.respond(Question("legs and stomach hm?"), turn.memory or Memory(), 61.0)
    assert turn.reply.text.startswith("*I'm glad that you are here.*")
    assert any(button.action == "topic:aches_restless_legs" for row in turn.reply.rows for button in row)


def test_who_mourns_may_fear_for_another(conversation: Conversation) -> None:
    memory = conversation.respond(Question("my son died of an overdose in march"), now=1.0).memory or Memory()
    for text, topic in (
        ("my other son isnt answering his phone", "not_answering"),
        ("my daughter is using heroin too, how do i help her", "help_loved_one"),
    ):
        assert decision(conversation.respond(Question(text), memory, 2.0)).topics == (topic,)


def test_who_cannot_talk_is_told_how_to_get_help_in_silence(conversation: Conversation) -> None:
    before = conversation.respond(Question("my boyfriend hit me tonight"), now=1.0).memory or Memory()
    turn = conversation.respond(Question("i cant call he will hear"), before, 60.0)
    assert "leave the line open" in turn.reply.text


def test_who_is_no_longer_alone_with_a_violent_person_is_told_so(conversation: Conversation) -> None:
    before = conversation.respond(Question("my boyfriend hit me tonight"), now=1.0).memory or Memory()
    turn = conversation.respond(Question("the police are here"), before, 60.0)
    assert "not alone with it now" in turn.reply.text
    assert turn.memory is not None
    assert not turn.memory.danger(60.0)


def test_two_questions_in_one_message_get_both_answers_in_order(conversation: Conversation) -> None:
    turn = conversation.respond(Question("how long does it last and can i get something for the sleep"))
    assert turn.decision is not None
    assert turn.decision.topics == ("timeline", "sleep")
    first, second = (conversation.faq.topic(name) for name in turn.decision.topics)
    assert first is not None
    assert second is not None
    assert -1 < turn.reply.text.find(first.title) < turn.reply.text.find(second.title)


def test_a_follow_up_is_told_apart_from_an_unknown_question(small: Conversation) -> None:
    assert small.respond(Question("how long?")).reply == small.writer.follow_up()
    assert small.respond(Question("elephants")).reply == small.writer.unknown()


def test_a_vague_question_is_asked_back(unsure: Conversation) -> None:
    turn = unsure.respond(Question("smoky. my card is late"))
    assert decision(turn).outcome == "suggest"
    assert decision(turn).topics
    assert [row[0].action for row in turn.reply.rows] == [*(f"topic:{name}" for name in decision(turn).topics), "none"]
    assert turn.reply.notice == unsure.writer.soft_check()


def test_small_talk_is_answered_as_such(small: Conversation) -> None:
    assert small.respond(Question("good morning")).reply == small.writer.greeting()
    assert small.respond(Question("thank you")).reply == small.writer.thanks()
    assert small.respond(Question("give me a phone number")).reply == small.writer.helpline()


def test_a_complaint_is_told_sorry_and_counts_as_unanswered(small: Conversation) -> None:
    turn = small.respond(Question("that is not what i asked"))
    assert turn.reply == small.writer.complaint()
    assert decision(turn).outcome == "unknown"


@pytest.mark.parametrize("text", ["ugh", "IDK...", "🤮🤮", "?"])
def test_who_says_nothing_is_asked_for_a_word_or_two(small: Conversation, text: str) -> None:
    turn = small.respond(Question(text))
    assert turn.reply == small.writer.vague()
    assert decision(turn).outcome == "unknown"


def test_an_ask_that_was_declined_is_declined_again_however_it_is_put(small: Conversation) -> None:
    stealing = small.writer.refusal(small.faq.safety.refusals[0])
    first = small.respond(Question("how do i steal a book"), now=1.0)
    assert first.memory is not None
    assert first.memory.counts(2.0)
    second = small.respond(Question("but just elephants"), first.memory, 2.0)
    assert (second.reply, decision(second).outcome) == (stealing, "refusal")
    assert second.memory is not None
    assert small.respond(Question("so 30 or 60"), second.memory, 3.0).reply == stealing
    asked = small.respond(Question("When is the library open?"), second.memory, 3.0)
    assert decision(asked).topics == ("opening",)
    assert asked.memory is not None
    assert small.respond(Question("elephants"), asked.memory, 4.0).reply == small.writer.unknown()
    assert small.respond(Question("elephants"), second.memory, 3.0 + FOLLOW_UP_SECONDS).reply == small.writer.unknown()
    assert small.respond(Question("thank you"), second.memory, 3.0).reply == small.writer.thanks()


def test_a_number_to_call_that_is_typed_leads_to_the_emergencies(conversation: Conversation) -> None:
    assert conversation.respond(Question("99")).reply != conversation.writer.emergency_menu()
    for typed in ("911", "999", "SOS!", "🆘", "ambulance"):
        assert conversation.respond(Question(typed)).reply == conversation.writer.emergency_menu()
        assert conversation.decide(typed).outcome == "helpline"


def test_a_country_that_is_typed_is_chosen(conversation: Conversation) -> None:
    for typed, country in (
        ("I'm in Australia", "au"),
        ("uk helpline", "uk"),
        ("number for germany?", "eu"),
        ("India", "in"),
    ):
        turn = conversation.respond(Question(typed))
        assert turn.memory is not None, typed
        assert turn.memory.country == country
    assert conversation.respond(Question("change my country")).reply == conversation.writer.countries()
    assert conversation.respond(Question("us")).memory != Memory(country="us"), "a word, too"


def test_the_helpline_s_label_is_a_command_and_also_decides_as_one(small: Conversation, library: Faq) -> None:
    label = library.texts.button_helpline
    assert small.respond(Question(label)).decision is None
    assert small.decide(label).outcome == "helpline"


def test_what_a_message_was_near_to_can_be_asked(small: Conversation) -> None:
    assert small.explain("opening times on a sunday").nearest[0][0] == "opening"


@pytest.mark.parametrize("name", ["start", "help", "helpline", "topics", "privacy", "about"])
def test_a_command_is_answered_by_the_reply_of_its_name(small: Conversation, name: str) -> None:
    assert small.respond(Command(name)).reply == getattr(small.writer, name)()


def test_the_emergency_command_opens_the_menu_and_an_unknown_one_lists_the_rest(small: Conversation) -> None:
    assert small.respond(Command("emergency")).reply == small.writer.emergency_menu()
    assert small.respond(Command("xyz", "a b")).reply == small.writer.unknown_command()


def test_a_deep_link_opens_its_topic_and_a_stale_one_the_start(small: Conversation) -> None:
    assert small.respond(Command("start", "card")).reply.title == "Library card"
    assert small.respond(Command("start", "gone")).reply == small.writer.start()
    assert small.respond(Command("help", "card")).reply == small.writer.help()


def test_a_button_leads_to_its_topic_and_a_stale_one_says_so(small: Conversation) -> None:
    assert small.respond(Choice("card")).reply.title == "Library card"
    assert small.respond(Choice("gone")).reply == small.writer.stale_button()


def test_a_rating_is_one_event_and_a_stale_one_none(small: Conversation) -> None:
    assert small.respond(Rating("card", False)).events == (Rated("card", False),)
    assert small.respond(Rating("card", True)).events == (Rated("card", True),)
    stale = small.respond(Rating("gone", True))
    assert stale.events == ()
    assert stale.reply == small.writer.stale_button()


def test_media_is_answered(small: Conversation) -> None:
    assert small.respond(Media()).reply == small.writer.media()


def test_every_press_leads_somewhere(small: Conversation, library: Faq) -> None:
    writer = small.writer
    card = library.topic("card")
    assert card
    expected = {
        "sources:card": writer.sources(card),
        "theme:topics": writer.theme("topics"),
        "emergency:fire": writer.emergency(library.safety.emergencies[0]),
        "emergency:gone": writer.emergency_menu(),
        "topics": writer.topics(edits=True),
        "helpline": writer.helpline(),
        "none": writer.none_of_these(),
        "sources:gone": writer.stale_button(),
        "theme:gone": writer.stale_button(),
        "": writer.stale_button(),
        "xyz:card": writer.stale_button(),
    }
    for action, reply in expected.items():
        assert small.respond(Press(action)).reply == reply, action


@pytest.mark.parametrize(
    ("data", "incoming"),
    [
        ("topic:card", Choice("card")),
        ("rate:card:1", Rating("card", True)),
        ("rate:card:0", Rating("card", False)),
        ("sources:card", Press("sources:card")),
        ("topics", Press("topics")),
        ("", Press("")),
    ],
)
def test_a_button_s_data_says_what_was_meant(data: str, incoming: Incoming) -> None:
    assert parse_button(data) == incoming


def test_every_button_that_the_small_bot_shows_is_understood(small: Conversation, library: Faq) -> None:
    shown = [small.respond(Choice(topic.id)).reply for topic in library.topics]
    shown += [small.respond(Command(name)).reply for name in ("helpline", "topics", "emergency", "about")]
    shown += [small.respond(Press("theme:topics")).reply, small.writer.suggest(library.topics)]
    actions = {button.action for reply in shown for row in reply.rows for button in row if button.action}
    assert len(actions) > 10
    for action in actions:
        assert small.respond(parse_button(action)).reply != small.writer.stale_button(), action


def test_a_conversation_builds_its_own_matcher_and_counts_nothing_unless_told(library: Faq) -> None:
    turn = Conversation(library).respond(Choice("card"))
    assert not [button for row in turn.reply.rows for button in row if button.action.startswith("rate:")]


@pytest.mark.parametrize(
    ("typed", "country"),
    [("united kingdom", "uk"), ("GB", "uk"), ("U.S.A.", "us"), ("the us", "us"), ("Germany", "eu")],
)
def test_a_country_is_found_by_any_of_its_names(conversation: Conversation, typed: str, country: str) -> None:
    turn = conversation.respond(Command("country", typed))
    assert turn.memory is not None
    assert turn.memory.country == country


def test_a_country_said_in_passing_is_remembered_and_said_once(conversation: Conversation) -> None:
    first = conversation.respond(Question("im in ireland and on day 2, how long does withdrawal last"))
    assert "Ireland" in first.reply.notice
    assert first.memory
    assert first.memory.country == "ie"
    again = conversation.respond(Question("i live in ireland, what helps with sleep"), first.memory, 1.0)
    assert "Ireland" not in again.reply.notice


@pytest.mark.parametrize(
    "text",
    [
        "my aunt was in ireland once, how long does withdrawal last",
        "my daughter is living in canada, how do i help her",
        "my dealer is from oz, here in town he sells fent",
        "how do i sleep",
    ],
)
def test_a_country_that_is_not_the_writer_s_changes_nothing(conversation: Conversation, text: str) -> None:
    turn = conversation.respond(Question(text))
    assert turn.memory is None or not turn.memory.country


def test_nothing_stands_above_the_steps_of_an_emergency_abroad(conversation: Conversation) -> None:
    turn = conversation.respond(Question("im in australia and my friend is not breathing"))
    assert decision(turn).emergency == "overdose"
    assert not turn.reply.notice
    assert "000" in turn.reply.text
    assert turn.memory
    assert turn.memory.country == "au"


def test_an_emergency_told_in_spanish_has_its_steps_in_spanish_below(conversation: Conversation) -> None:
    spanish = conversation.respond(Question("mi hijo no respira ayuda por favor")).reply.text
    assert "1 respiración boca a boca cada 5 segundos" in spanish
    assert spanish.index("Call") < spanish.index("Español")
    assert "Español" not in conversation.respond(Question("my son is not breathing")).reply.text


def test_who_is_suicidal_in_spanish_is_not_told_how_to_give_breaths(conversation: Conversation) -> None:
    turn = conversation.respond(Question("quiero morirme ya no puedo mas por favor ayuda"))
    assert decision(turn).emergency == "suicide"
    assert "oprima 2" in turn.reply.text
    assert "respiración" not in turn.reply.text


def test_an_unknown_country_gets_the_choice_and_a_stale_button_says_so(conversation: Conversation) -> None:
    turn = conversation.respond(Command("country", "united kingdom"))
    assert turn.memory is not None
    assert turn.memory.country == "uk"
    assert conversation.respond(Command("country", "atlantis")).reply == conversation.writer.countries()
    assert conversation.respond(Press("country:atlantis")).reply == conversation.writer.stale_button()
    assert conversation.respond(Press("step:gone")).reply == conversation.writer.emergency_menu()
    assert conversation.respond(Press("call:gone")).reply == conversation.writer.helpline()


# --- known wordings ----------------------------------------------------------------------------------------------------


def test_what_a_message_asks_for_of_a_topic_stands_first(small: Conversation) -> None:
    cost = small.respond(Question("what does membership cost"))
    assert cost.reply.text.startswith("*New cards*\nA new one costs a dollar.\n\nAsk at the desk.")
    assert "dollar" not in cost.reply.details
    plainly = small.respond(Question("How do I get a library card?"))
    assert plainly.reply.text.startswith("Ask at the desk.")
    assert "dollar" in plainly.reply.details


def test_a_short_message_may_ask_for_more_of_the_topic_before(small: Conversation) -> None:
    memory = Memory(topics=(("card", 1.0),))
    turn = small.respond(Question("and abroad then"), memory, 2.0)
    assert (decision(turn).topics, turn.reply.text) == (("card",), "Other towns do not take it.")
    assert decision(small.respond(Question("and abroad then"))).topics != ("card",), "by itself it says too little"
    long = "i was thinking of all the people who go abroad in summer"
    assert decision(small.respond(Question(long), memory, 2.0)).topics != ("card",)
    named = small.respond(Question("When is the library open?"), memory, 2.0)
    assert decision(named).topics == ("opening",)


@pytest.mark.parametrize(
    ("first", "then", "says"),
    [
        ("vivitrol shot last week and my tooth is killing me", "what if i take more", "can end in overdose"),
        ("i missed my methadone 3 days", "can i take my normal", "Not your usual dose"),
        ("my sub put me in sudden withdrawal", "or use to make it stop", "Don't use on top"),
        ("drank 4 beers on my methadone", "can i go to bed", "don't go to sleep alone"),
    ],
)
def test_what_comes_next_is_answered_from_the_topic_before(
    conversation: Conversation, first: str, then: str, says: str
) -> None:
    memory = conversation.respond(Question(first), now=1.0).memory or Memory()
    assert says in conversation.respond(Question(then), memory, 2.0).reply.text


def test_a_wording_of_the_faq_is_decided_once_however_it_ends(conversation: Conversation) -> None:
    first = conversation.decide("How long does heroin withdrawal last?")
    assert first.outcome == "answer"
    assert conversation.decide("how long does heroin withdrawal last") is first


def test_nothing_else_that_people_write_is_kept(conversation: Conversation) -> None:
    text = "my cousin from aberdeen wants to know how long this is going to last"
    assert conversation.decide(text) is not conversation.decide(text)
    assert conversation.decide(text) == conversation.decide(text)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("i want to die", "im just tired"),
        ("i want to kill myself", "im just upset and cant take it"),
        ("my friend overdosed", "he says he is just tired and wants to sleep"),
        ("my boyfriend hit me tonight", "hes just angry"),
        ("i took 30 tylenol to die", "it was 3 hours ago"),
        ("my toddler swallowed a suboxone", "it was 10 minutes ago"),
        ("he is not breathing", "this is a nightmare help"),
        ("my ex is going to kill me", "we are divorced"),
        ("my friend overdosed", "do not send emergency"),
        ("my boyfriend hit me tonight", "i dont know emergency number"),
        ("bf wont wake up", "he has never had it before"),
        ("my chest hurts and my left arm is numb", "just tired and sweaty"),
    ],
)
def test_an_explanation_does_not_end_an_emergency(conversation: Conversation, first: str, then: str) -> None:
    before = conversation.respond(Question(first), now=1.0)
    memory = before.memory or Memory()
    assert memory.danger(2.0), first
    assert (conversation.respond(Question(then), memory, 2.0).memory or memory).danger(3.0), then


@pytest.mark.parametrize("then", ["his mom called", "my phone rang", "what is it called", "i called his name nothing"])
def test_not_every_call_is_one_for_help(conversation: Conversation, then: str) -> None:
    memory = conversation.respond(Question("my friend overdosed"), now=1.0).memory or Memory()
    assert (conversation.respond(Question(then), memory, 2.0).memory or memory).step != "help_coming"


@pytest.mark.parametrize(
    ("topic", "then", "emergency"),
    [
        ("after_overdose", "hes falling asleep again", "overdose"),
        ("after_overdose", "he shot up again", "overdose"),
        ("after_overdose", "im scared he is using again", None),
        ("relapse", "how do i fall asleep", None),
        ("relapse", "im going to sleep now, thanks", None),
        ("mixing", "he fell off the wagon", None),
        ("can_withdrawal_kill", "i had one this morning", "medical"),
        ("can_withdrawal_kill", "i have 2 kids", None),
        ("pregnancy", "i already stopped yesterday", "pregnancy"),
        ("pregnancy", "cramping", "pregnancy"),
        ("pregnancy", "what about sweating", None),
        ("pregnancy", "my husband just quit", None),
        ("grief", "i want to be with him", "suicide"),
        ("grief", "i cant go on without her", "suicide"),
        ("grief", "i want to go back with him to the clinic", None),
        ("grief", "my mom took all his stash to the police", None),
    ],
)
def test_what_comes_after_an_answer_is_read_with_it_in_mind(
    conversation: Conversation, topic: str, then: str, emergency: str | None
) -> None:
    memory = conversation.respond(Choice(topic), now=1.0).memory or Memory()
    assert decision(conversation.respond(Question(then), memory, 2.0)).emergency == emergency


@pytest.mark.parametrize(
    ("text", "emergency"),
    [
        ("he hanged himself", "overdose"),
        ("i found my son hanging", "overdose"),
        ("my brother is hanging out with friends", None),
        ("took her down to the clinic", None),
        ("i might hurt my wife", "violence"),
        ("i pushed him to go to rehab", None),
        ("bone is showing in my leg", "medical"),
        ("my leg wound has gone black", "medical"),
        ("i have a black coat", None),
        ("my 2yo got into my methadone", "child"),
    ],
)
def test_new_rules_fire_where_they_should_and_not_beside(
    conversation: Conversation, text: str, emergency: str | None
) -> None:
    assert conversation.decide(text).emergency == emergency


def test_a_caution_is_said_in_an_emergency_too(conversation: Conversation) -> None:
    (caution,) = conversation.faq.safety.cautions
    memory = conversation.respond(Question("my boyfriend hit me tonight"), now=1.0).memory or Memory()
    turn = conversation.respond(Question("how long does heroin withdrawal last, im gonna use tonight"), memory, 2.0)
    assert conversation.writer.caution(caution) in turn.reply.notice


def test_who_fears_anothers_suicide_in_an_emergency_is_spoken_to_as_that(conversation: Conversation) -> None:
    memory = conversation.respond(Question("my chest hurts"), now=1.0).memory or Memory()
    turn = conversation.respond(Question("my brother says he will kill himself"), memory, 2.0)
    assert turn.reply.title == "It's about someone else"


def test_a_seizure_has_steps_of_its_own(conversation: Conversation) -> None:
    memory = conversation.respond(Question("he just had a seizure"), now=1.0).memory or Memory()
    for text in ("hes having another one", "do i put a spoon in his mouth"):
        assert "Nothing in the mouth" in plain(conversation.respond(Question(text), memory, 2.0).reply), text
    still = conversation.respond(Question("i am still going to work"), memory, 2.0)
    assert still.reply.title != "A seizure"


def test_a_choice_among_topics_of_which_one_is_gone_is_no_error(small: Conversation) -> None:
    memory = Memory(offered=("gone", "card"), offered_at=1.0)
    assert decision(small.respond(Question("it"), memory, 2.0)).outcome in ("suggest", "unknown")


def test_the_button_for_the_numbers_is_remembered_like_the_command(conversation: Conversation) -> None:
    memory = conversation.respond(Press("helpline"), now=1.0).memory or Memory()
    assert decision(conversation.respond(Question("is it free"), memory, 2.0)).topics == ("helpline_calls",)
