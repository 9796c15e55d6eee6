"""`bot.content`: what an editor writes is read as written, and whatever is wrong is said with file, line and mend."""

import re
from datetime import date
from pathlib import Path

import pytest

from bot import content
from bot.content import ContentError, Problem
from bot.conversation import Command, Conversation, Question
from bot.faq import Faq
from tests.conftest import HELPLINES, LIBRARY, SAFETY, TOPIC, Write


def problems(folder: Path) -> list[Problem]:
    """Everything that is wrong with a folder, the folder's own name left out."""
    with pytest.raises(ContentError) as caught:
        content.load(folder)
    short = [
        Problem(found.file.removeprefix(f"{folder}/"), found.line, found.message) for found in caught.value.problems
    ]
    assert str(caught.value).splitlines()[0].startswith(caught.value.problems[0].file)
    return short


def said(folder: Path) -> str:
    """The same as the lines that a person reads."""
    return "\n".join(map(str, problems(folder)))


def topic(extra: str = "", **changes: str) -> str:
    """One topic, five lines long, with one line each for id, title, questions and answer."""
    fields = {"id": "opening", "title": "Opening hours", "questions": "[When are you open?]", "answer": "Nine to five."}
    lines = [f"  {name}: {value}" for name, value in (fields | changes).items()]
    return "- " + "\n".join(lines).strip() + f"\n{extra}"


# --- what is valid ---------------------------------------------------------------------------------------------------


def test_a_folder_with_nothing_but_one_topic_file_is_a_whole_bot(write: Write) -> None:
    faq = content.load(write(TOPIC))
    bot = Conversation(faq)
    assert bot.decide("opening times").topics == ("opening",)
    for name in ("start", "help", "helpline", "topics", "privacy", "about", "emergency", "nonsense"):
        assert bot.respond(Command(name)).reply.text
    assert faq.texts.quick_replies == (("opening",), ("/topics", "/helpline"))
    assert [(theme.id, theme.title) for theme in faq.themes] == [("topics", "Topics")]


def test_no_folder_means_the_shipped_content(faq: Faq) -> None:
    assert content.load() == faq
    assert content.read(content.shipped_folder()).faq == faq


def test_the_shipped_folder_holds_the_defaults_that_every_faq_builds_on() -> None:
    assert (content.shipped_folder() / content.DEFAULTS).is_file()


def test_a_folder_s_own_texts_are_laid_over_the_defaults(write: Write) -> None:
    faq = content.load(
        write(
            TOPIC,
            bot="name: Book bot\nthemes: {topics: All about us}",
            words="contractions: {wanna: wish to}\nfunction_words: [zounds]",
            small_talk="greeting: [ahoy]\nout_of_scope: [the weather]",
        )
    )
    assert faq.texts.name == "Book bot"
    assert faq.texts.unknown, "what the folder does not name stays"
    assert faq.themes[0].title == "All about us"
    assert faq.words.contractions["wanna"] == "wish to"
    assert faq.words.contractions["cant"] == "can not"
    assert {"zounds", "the"} <= set(faq.words.function_words)
    assert {"ahoy", "hello"} <= set(faq.small_talk.greeting)
    assert faq.small_talk.out_of_scope == ("the weather",)


def test_what_the_bot_shows_replaces_the_defaults_and_does_not_grow(write: Write) -> None:
    faq = content.load(write(TOPIC, bot="commands: [{name: start, description: Begin}]\nquick_replies: [[opening]]"))
    assert [command.name for command in faq.texts.commands] == ["start"]
    assert faq.texts.quick_replies == (("opening",),)


def test_themes_follow_the_operator_s_order_and_unnamed_files_come_last(write: Write) -> None:
    folder = write(topic(id="a", title="A", questions="[a]"), bot="themes: {second: Second, gone: Gone, topics: First}")
    (folder / "second.yaml").write_text(topic(id="b", title="B", questions="[b]"))
    (folder / "another_one.yaml").write_text(topic(id="c", title="C", questions="[c]"))
    faq = content.load(folder)
    assert [theme.title for theme in faq.themes] == ["Second", "First", "Another one"]
    assert [one.id for one in faq.in_theme("second")] == ["b"]


def test_a_file_name_longer_than_a_button_is_cut_to_fit(write: Write) -> None:
    folder = write(None)
    (folder / ("very_" * 10 + "long.yaml")).write_text(TOPIC)
    assert 20 < len(content.load(folder).themes[0].title) <= 30


# --- YAML's traps ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["no", "yes", "on", "off", "true", "1.50", "0x1F", "1e3", "12:30", "2020-01-01", "="])
def test_a_word_that_yaml_takes_for_something_else_stays_the_word_that_was_typed(write: Write, word: str) -> None:
    found = content.load(write(topic(title=word, questions=f"[{word}]", answer=word))).topics[0]
    assert (found.title, found.questions, found.answer) == (word, (word,), word)


def test_a_good_date_is_a_date(write: Write) -> None:
    assert content.load(write(topic("  checked: 2026-11-20\n"))).topics[0].checked == date(2026, 11, 20)


def test_a_date_that_does_not_exist_is_a_message_and_not_a_crash(write: Write) -> None:
    assert said(write(topic("  checked: 2026-02-30\n"))) == (
        "topics.yaml:5: 'checked' must be a date like 2026-11-20, not '2026-02-30'"
    )


def test_a_key_written_twice_is_an_error_with_its_line(write: Write) -> None:
    assert said(write(topic("  title: Again\n"))) == (
        "topics.yaml:5: key 'title' is written twice (first in line 2): remove one"
    )


def test_a_key_left_empty_counts_as_not_written(write: Write) -> None:
    found = content.load(write(topic("  reviewed_by: null\n  danger:\n  more: ~\n"))).topics[0]
    assert (found.reviewed_by, found.danger, found.more) == (None, None, None)


def test_null_in_quotes_is_the_word(write: Write) -> None:
    assert content.load(write(topic('  reviewed_by: "null"\n'))).topics[0].reviewed_by == "null"


def test_a_tag_runs_nothing(write: Write, tmp_path: Path) -> None:
    tag = f'  more: !!python/object/apply:os.mkdir ["{tmp_path / "made"}"]\n'
    assert "topics.yaml:5: 'more' must be one text" in said(write(topic(tag)))
    assert not (tmp_path / "made").exists()


def test_tabs_are_named_as_what_is_wrong(write: Write) -> None:
    assert re.match(r"topics\.yaml:2: .*tab", said(write("- id: opening\n\ttitle: Opening hours\n")))


def test_a_colon_in_a_text_is_explained(write: Write) -> None:
    message = said(write(topic(title="Hours: long")))
    assert message.startswith("topics.yaml:2: ")
    assert "needs quotes around it" in message


def test_two_documents_in_one_file_are_an_error(write: Write) -> None:
    assert "another document" in said(write(TOPIC + "---\n" + TOPIC))


def test_an_alias_that_holds_itself_is_an_error_and_not_a_crash(write: Write) -> None:
    assert "topics.yaml" in said(write("- &a [*a]\n"))


def test_a_key_that_is_no_word_is_an_error(write: Write) -> None:
    assert "topics.yaml:5: a key must be a word" in said(write(topic("  ? [x]\n  : y\n")))


def test_a_byte_order_mark_is_no_problem(write: Write) -> None:
    assert content.load(write(b"\xef\xbb\xbf" + TOPIC.encode())).topics[0].id == "opening"


def test_a_file_that_is_not_utf8_says_where(write: Write) -> None:
    assert said(write(b"- id: caf\xe9\n")) == "topics.yaml: not UTF-8 at byte 9: save the file as UTF-8"


def test_a_control_character_is_an_error_with_its_file(write: Write) -> None:
    assert said(write(topic('  more: "a\0b"\n'))).startswith("topics.yaml: this is not YAML: ")


# --- files -----------------------------------------------------------------------------------------------------------


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"nowhere: there is no such folder"):
        content.load(tmp_path / "nowhere")


def test_a_folder_without_topics_says_what_to_put_there(write: Write) -> None:
    assert "no topic file: put at least one *.yaml" in said(write(None, bot="name: Book bot"))


def test_a_topic_file_with_no_topic_in_it_is_an_error(write: Write) -> None:
    assert "there is no topic in it" in said(write("[]"))


def test_a_file_ending_in_yml_is_not_silently_left_out(write: Write) -> None:
    folder = write(TOPIC)
    (folder / "more.yml").write_text(TOPIC)
    assert said(folder) == "more.yml: rename it to end in .yaml; only those are read"


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n"])
def test_an_empty_file_is_an_error(write: Write, text: str) -> None:
    folder = write(TOPIC)
    (folder / "later.yaml").write_text(text)
    assert said(folder) in {
        "later.yaml: the file is empty: write something into it or remove it",
        "later.yaml:1: a topic file is a list: begin each topic with '- id: …'",
    }


@pytest.mark.parametrize("name", ["bot", "words", "small_talk", "helplines", "safety"])
@pytest.mark.parametrize("text", ["", "a: b: c\n", "- a\n"])
def test_a_broken_file_of_the_bot_itself_is_an_error_with_its_name(write: Write, name: str, text: str) -> None:
    assert said(write(TOPIC, **{name: text})).startswith(f"_{name}.yaml")


@pytest.mark.parametrize("text", ["", "a: b: c\n", "- a\n", "bot: a\n"])
def test_broken_defaults_are_an_error_and_not_a_crash(write: Write, text: str) -> None:
    assert "_defaults.yaml" in said(write(TOPIC, defaults=text))


def test_an_unknown_file_is_an_error_with_the_nearest_name(write: Write) -> None:
    assert said(write(TOPIC, helpline="a: b")) == (
        "_helpline.yaml: unknown file '_helpline.yaml': did you mean '_helplines.yaml'?; "
        "topics go into files without '_'"
    )


# --- one topic -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id: opening", "topics.yaml:1: a topic file is a list"),
        ("opening hours", "topics.yaml:1: a topic file is a list"),
        ("- opening", "topics.yaml:1: a topic is made of keys"),
        (topic(title="x" * 31), "topics.yaml:2: 'title' has 31 characters, at most 30 fit: shorten it"),
        (topic(title='" "'), "topics.yaml:2: 'title' is empty"),
        (topic(title=""), "topics.yaml:2: 'title' is empty"),
        (topic(title="[a, b]"), "topics.yaml:2: 'title' must be one text"),
        (topic(questions="[]"), "topics.yaml:3: 'questions' needs at least 1 entry"),
        (topic(questions="When?"), "topics.yaml:3: 'questions' must be a list"),
        (topic(answer="x" * 1201), "topics.yaml:4: 'answer' has 1201 characters, at most 1200 fit"),
        (topic(id="Opening-Hours"), "topics.yaml:1: 'id' must be lower-case letters, digits and '_'"),
        (topic("  anwser: x\n"), "topics.yaml:5: unknown key 'anwser': did you mean 'answer'?"),
        (topic("  theme: x\n"), "topics.yaml:5: unknown key 'theme': a topic's theme is the name of its file"),
        (topic("  related: [a, b, c, d]\n"), "topics.yaml:5: 'related' has 4 entries, at most 3 fit"),
        (topic("  sources: [x]\n"), "topics.yaml:5: 'sources.1' must be made of keys"),
        (
            topic("  sources:\n    - title: Rules\n      url: example.org\n"),
            "topics.yaml:7: 'sources.1.url' must begin with http:// or https://",
        ),
        (
            topic("  sources:\n    - title: Rules\n      url: https://example.org\n      year: 1066\n"),
            "topics.yaml:8: 'sources.1.year'",
        ),
    ],
)
def test_a_mistake_in_a_topic_is_said_with_its_line(write: Write, text: str, message: str) -> None:
    assert message in said(write(text))


@pytest.mark.parametrize("missing", ["id", "title", "questions", "answer"])
def test_a_missing_key_is_named(write: Write, missing: str) -> None:
    lines = [line.removeprefix("- ").strip() for line in topic().splitlines() if f"{missing}:" not in line]
    assert said(write("- " + "\n  ".join(lines))) == f"topics.yaml:1: {missing!r} is missing: add it"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Call <b>now</b>", "HTML is not shown as such: remove '<b>'"),
        ("Nine &amp; five", "HTML is not shown as such: remove '&amp;'"),
        ("'**Nine** to five'", "remove '**'"),
        ("'__Nine__ to five'", "remove '__'"),
        ("'# Nine'", "remove '# '"),
        ("'[here](https://example.org)'", "remove '[here]('"),
        ("'`nine`'", "remove '`'"),
        ("'Nine *to five'", "a *bold* mark is not closed on its line: 'Nine *to five'"),
    ],
)
def test_markup_that_would_be_shown_raw_is_refused(write: Write, text: str, message: str) -> None:
    found = said(write(topic(answer=text)))
    assert found.startswith("topics.yaml:4: 'answer': ")
    assert message in found


def test_bold_lists_and_a_lone_smaller_sign_are_fine(write: Write) -> None:
    text = "|\n    *Nine* to five.\n    - 2 < 3 & so on\n    - [sic]"
    assert content.load(write(topic(answer=text))).topics[0].answer.startswith("*Nine*")


# --- what holds between values -----------------------------------------------------------------------------------------


def two(first: str, second: str) -> str:
    return first + second


OTHER = {"id": "card", "title": "Card", "questions": "[How do I join?]"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            two(topic(), topic(id="opening", title="Other", questions="[Other?]")),
            "topics.yaml:5: id 'opening' is already taken in ",
        ),
        (
            two(topic(), topic(id="card", title="Card", questions="[When ARE you open!]")),
            "topics.yaml:7: 'When ARE you open!' stands already in ",
        ),
        (
            two(topic(), topic(id="card", title="opening HOURS", questions="[How?]")),
            "topics.yaml:6: title 'opening HOURS' is also that of 'opening': two buttons would look alike",
        ),
        (
            two(topic("  related: [crad]\n"), topic(**OTHER)),
            "topics.yaml:5: 'related' names 'crad', which is no other topic: did you mean 'card'?",
        ),
        (topic("  again: Call {desc}.\n"), "{desc} is no number of _helplines.yaml"),
        (topic("  instead_of: [crad]\n"), "'instead_of' names 'crad', which is no other topic"),
        (topic("  related:\n    - opening\n"), "topics.yaml:6: 'related' names 'opening', which is no other topic"),
        (topic("  part_of: opening\n"), "topics.yaml:5: 'part_of' must name a topic that is itself part of none"),
        (topic("  part_of: nothing\n"), "topics.yaml:5: 'part_of' must name a topic that is itself part of none"),
        (
            two(topic("  part_of: card\n"), topic("  part_of: opening\n", **OTHER)),
            "topics.yaml:5: 'part_of' must name a topic that is itself part of none",
        ),
        (topic(answer="Call {desk}."), "topics.yaml:4: {desk} is no number of _helplines.yaml"),
        (topic("  danger: Call {desk}.\n"), "topics.yaml:5: {desk} is no number of _helplines.yaml"),
    ],
)
def test_what_is_wrong_beside_the_rest_is_said_with_its_line(write: Write, text: str, message: str) -> None:
    assert message in said(write(text))


def test_a_phrasing_claimed_by_two_files_names_both_places(write: Write) -> None:
    folder = write(topic())
    (folder / "zoo.yaml").write_text(topic(id="zoo", title="Zoo", questions="['When are you open']"))
    assert said(folder) == (
        f"zoo.yaml:3: 'When are you open' stands already in {folder}/topics.yaml:3 (topic 'opening'): keep one"
    )


def test_an_unknown_helpline_in_the_prompt_is_an_error(write: Write) -> None:
    wrong = HELPLINES.replace("prompt: [desk, shop]", "prompt: [desk, shopp]")
    assert said(write(TOPIC, helplines=wrong)) == (
        "_helplines.yaml:1: 'prompt' names 'shopp', which is no helpline: did you mean 'shop'?"
    )


def test_an_unknown_topic_on_calls_is_an_error(write: Write) -> None:
    assert said(write(TOPIC, helplines="topic: openning\n" + HELPLINES)) == (
        "_helplines.yaml:1: 'topic' names 'openning', which is no topic: did you mean 'opening'?"
    )


def test_a_helpline_id_taken_twice_is_an_error(write: Write) -> None:
    assert "_helplines.yaml:6: id 'desk' is taken" in said(
        write(TOPIC, helplines=HELPLINES.replace("id: shop", "id: desk").replace("[desk, shop]", "[desk]"))
    )


def test_a_number_with_letters_in_it_is_an_error(write: Write) -> None:
    assert "must be a phone number of digits" in said(
        write(TOPIC, helplines=HELPLINES.replace("+1-555-010-0000", "555-DESK"))
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("contacts: [desk]", "contacts: [desc]", "_safety.yaml:9: contact 'desc' is no helpline: did you mean 'desk'?"),
        ("contacts: [desk]", "contacts: [shop]", "_safety.yaml:9: 'shop' places callers in treatment"),
        ("topics: [card]", "topics: [crad]", "_safety.yaml:24: 'crad' is no topic: did you mean 'card'?"),
        ("unless: [past]", "unless: [pats]", "_safety.yaml:13: guard 'pats' is not defined: did you mean 'past'?"),
        ("<place> ..", "<plaice> ..", "_safety.yaml:13: <plaice> is not among 'words': did you mean 'place'?"),
        ("last year]", '"<plaice>"]', "<plaice> is not among 'words'"),
        ("says: [flooded]", 'says: ["<plaice>"]', "<plaice> is not among 'words'"),
        ("says: [once more]", 'says: ["<plaice>"]', "_safety.yaml:21: <plaice> is not among 'words'"),
        (
            "soft_check: |",
            "steps:\n  - {id: out, title: Out, text: Gone., topic: crad}\nsoft_check: |",
            "'crad' is no topic: did you mean 'card'?",
        ),
        (
            "soft_check: |",
            "cautions:\n  - {id: out, line: Mind the step., topic: crad}\nsoft_check: |",
            "'crad' is no topic: did you mean 'card'?",
        ),
        (
            "soft_check: |",
            "cautions:\n  - {id: out, line: 'Call {desc}.'}\nsoft_check: |",
            "{desc} is no number",
        ),
        ("upstairs, call {desk}", "upstairs, call {desc}", "{desc} is no number of _helplines.yaml"),
        ("I can't help with that.", "Call {desc}.", "{desc} is no number of _helplines.yaml"),
        (
            "soft_check: |",
            "steps:\n  - {id: out, title: Out, text: Gone., again: 'Call {desc}.'}\nsoft_check: |",
            "{desc} is no number",
        ),
        ("burns, call {desk}", "burns, call {desc}", "{desc} is no number of _helplines.yaml"),
    ],
)
def test_a_mistake_in_the_safety_rules_is_said_before_the_bot_runs(
    write: Write, old: str, new: str, message: str
) -> None:
    assert old in SAFETY
    assert message in said(write(LIBRARY, helplines=HELPLINES, safety=SAFETY.replace(old, new)))


def usable_or_said(folder: Path, name: str) -> None:
    """What may be refused or ignored, but must neither crash now nor when the bot runs."""
    try:
        faq = content.load(folder)
    except ContentError as error:
        refused = str(error)
    else:
        refused = ""
        assert Conversation(faq).decide("opening times on sunday").outcome == "answer"
    assert not refused or name in refused


@pytest.mark.parametrize("say", ["..", "!!", "=", "<place", "a||b", "?"])
def test_a_wording_that_means_nothing_is_refused_or_harmless_but_never_a_crash(write: Write, say: str) -> None:
    safety = SAFETY.replace("says: [flooded]", f"says: ['{say}']")
    usable_or_said(write(LIBRARY, helplines=HELPLINES, safety=safety), "_safety.yaml")


def test_a_look_alike_that_is_no_word_is_refused_or_harmless_but_never_a_crash(write: Write) -> None:
    usable_or_said(write(LIBRARY, words='distinct: [["—", book]]'), "_words.yaml")


def test_a_quick_reply_that_leads_nowhere_is_an_error_with_its_line(write: Write) -> None:
    assert said(write(TOPIC, bot="name: Book bot\nquick_replies:\n  - [opening, /topic]\n")) == (
        "_bot.yaml:3: quick reply '/topic' is neither a topic nor a command: did you mean '/topics'?"
    )


def test_a_theme_s_title_that_does_not_fit_a_button_is_an_error(write: Write) -> None:
    assert "_bot.yaml" in said(write(TOPIC, bot=f"themes:\n  topics: {'x' * 31}\n"))


@pytest.mark.parametrize("bot", ["start: 'Call {desc}.'", "failure: 'Call {desc}.'", "helpline_row: '{nmae}'"])
def test_a_placeholder_of_the_bot_s_own_texts_that_means_nothing_is_an_error(write: Write, bot: str) -> None:
    assert said(write(LIBRARY, helplines=HELPLINES, safety=SAFETY, bot=bot)).startswith("_bot.yaml:1: ")


def test_all_problems_of_all_files_are_said_at_once_each_with_its_place(write: Write) -> None:
    folder = write(
        topic("  checked: tomorrow\n", title="x" * 40) + "- id: second\n",
        bot="nmae: x\n",
        helplines="prompt: desk\n",
        more="- a\n",
    )
    (folder / "zoo.yaml").write_text("- id: a\n  id: b\n")
    found = {(problem.file, problem.line) for problem in problems(folder)}
    assert found >= {
        ("topics.yaml", 2),
        ("topics.yaml", 5),
        ("topics.yaml", 6),
        ("_bot.yaml", 1),
        ("_helplines.yaml", 1),
        ("_more.yaml", 0),
        ("zoo.yaml", 2),
    }


def test_problems_are_sorted_by_file_and_line() -> None:
    error = ContentError([Problem("b", 1, "x"), Problem("a", 10, "y"), Problem("a", 2, "z", "warning")])
    assert str(error) == "a:2: warning: z\na:10: y\nb:1: x"


# --- places ------------------------------------------------------------------------------------------------------------


def test_a_problem_found_later_points_at_the_field_or_at_the_topic(write: Write) -> None:
    folder = write(LIBRARY, helplines=HELPLINES)
    read = content.read(folder)
    topics = f"{folder}/topics.yaml"
    assert str(read.problem("opening", "questions[2]", "x")) == f"{topics}:6: x"
    assert str(read.problem("opening", "danger", "x")) == f"{topics}:1: x"
    assert str(read.problem("helpline:shop", "number", "x", "warning")) == f"{folder}/_helplines.yaml:6: warning: x"
    assert str(read.problem("nothing", "", "x")) == "faq: x"


# --- the shipped content -------------------------------------------------------------------------------------------------


def test_every_shipped_topic_is_complete_for_a_reader(faq: Faq) -> None:
    for one in faq.topics:
        assert one.sources, one.id
        assert one.checked, one.id
        assert len(one.questions) >= 10, one.id


def test_a_shipped_answer_never_shows_a_placeholder(faq: Faq) -> None:
    texts = [text for _, _, text in faq.prose()]
    texts += [one.reply for one in faq.safety.emergencies] + [one.reply for one in faq.safety.refusals]
    for text in texts:
        assert "{" not in faq.fill(text), text


def test_a_topic_that_is_gone_is_none_and_a_part_belongs_to_its_whole(faq: Faq) -> None:
    assert faq.topic("gone") is None
    assert faq.intent("gone") == "gone"
    part = next(one for one in faq.topics if one.part_of)
    assert faq.intent(part.id) == part.part_of
    assert faq.intent(faq.intent(part.id)) == part.part_of


def test_the_shipped_bot_answers_before_anything_is_configured(conversation: Conversation) -> None:
    assert conversation.respond(Question("hello")).reply.text


COUNTRIES = """\
countries:
  - id: here
    name: Here
    lines:
      - {id: town, name: Town hall, number: "555 1", short: free, what: Town., hours: day, cost: free, languages: X, country: Here}
    shared: [desk]
    instead: {shop: town}
    prompt: [town, desk]
    numbers: {desk: "555 1 (town)"}
"""


def test_a_country_shows_its_own_lines_and_those_it_shares(write: Write) -> None:
    faq = content.load(write(LIBRARY, helplines=HELPLINES + COUNTRIES, safety=SAFETY))
    here = faq.helplines.country("here")
    assert here is not None
    narrowed = faq.narrowed(here)
    assert [line.id for line in narrowed.helplines.lines] == ["town", "desk"]
    assert [line.id for line in narrowed.helplines.prompted] == ["town", "desk"]
    assert narrowed.helplines.get("shop") == here.lines[0]
    assert narrowed.fill("{desk}") == "555 1 (town)"
    assert faq.helplines.country("nowhere") is None


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("shared: [desk]", "shared: [desc]", "'shared' of 'here' names 'desc', which is no helpline of this country"),
        ("{shop: town}", "{shop: twon}", "'instead' of 'here' names 'twon', which is no helpline"),
        ("{shop: town}", "{shp: town}", "'instead' of 'here' names 'shp', which is no helpline"),
        ("prompt: [town, desk]", "prompt: [shop]", "'prompt' of 'here' names 'shop', which is no helpline"),
        ("numbers: {desk:", "numbers: {dest:", "'numbers' of 'here' names 'dest', which is no number above"),
        ("{id: town,", "{id: desk,", "id 'desk' is taken: choose another"),
    ],
)
def test_a_country_names_only_what_there_is(write: Write, right: str, wrong: str, message: str) -> None:
    assert right in COUNTRIES
    with pytest.raises(ContentError) as caught:
        content.load(write(LIBRARY, helplines=HELPLINES + COUNTRIES.replace(right, wrong), safety=SAFETY))
    assert any(message in str(problem) and "_helplines.yaml:" in str(problem) for problem in caught.value.problems)


def test_mistakes_in_steps_and_in_what_is_said_again_are_found(write: Write) -> None:
    safety = SAFETY.replace("    title: Fire\n", "    title: Fire\n    steps: [ran]\n    subject: [plcae]\n")
    safety = safety.replace("    reply: |\n      *Leave", "    again: Call {dekc}.\n    reply: |\n      *Leave")
    safety += """steps:
  - id: run
    title: Run
    text: Run to {dsek}.
    instead_of: [run]
    rules: [{id: asked, says: ["where <plaec>"], unless: [psat], after: [fier]}]
"""
    with pytest.raises(ContentError) as caught:
        content.load(write(LIBRARY, helplines=HELPLINES, safety=safety))
    lines = [str(problem) for problem in caught.value.problems]
    assert any("step 'ran' is not among 'steps': did you mean 'run'?" in line for line in lines)
    for said in (
        "{dsek} is no number",
        "{dekc} is no number",
        "<plaec> is not among 'words'",
        "guard 'psat' is not defined",
        "'instead_of' names 'run', which is no other step",
        "'fier' is no emergency",
        "list 'plcae' is not among 'words'",
    ):
        assert any(said in line for line in lines), said


def test_a_file_that_is_no_yaml_is_the_only_thing_complained_of(write: Write) -> None:
    folder = write(TOPIC + "  related: [\n")
    (folder / "others.yaml").write_text(TOPIC.replace("id: opening", "id: hours") + "  related: [opening]\n")
    with pytest.raises(ContentError) as raised:
        content.load(folder)
    (problem,) = raised.value.problems
    assert problem.file.endswith("topics.yaml")
    assert "open bracket" in problem.message


def test_a_topic_with_a_mistake_is_not_said_to_be_missing_by_those_that_name_it(write: Write) -> None:
    (problem,) = problems(write(two(topic("  relatd: []\n"), topic("  related: [opening]\n", **OTHER))))
    assert "relatd" in problem.message


def test_two_things_of_one_id_in_the_safety_file_are_an_error(write: Write) -> None:
    twice = SAFETY.replace("    title: Fire\n", "    title: Fire\n", 1) + (
        "clues:\n  - {id: fire, rules: [{id: said, says: [smoke]}]}\n"
    )
    assert "id 'fire' is taken: choose another" in said(write(LIBRARY, helplines=HELPLINES, safety=twice))
