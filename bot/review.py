"""Reads the content as an editor would: everything `check` reports beyond the schema.

Errors are what a reader would stumble over; warnings are what an editor must still do (call a helpline, read a source
again). Nothing here runs while the bot answers.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np

from bot.content import Content, Problem
from bot.faq import Faq, Topic
from bot.matching import Matcher

ANSWER_WORDS = 90
"""Words before the fold: what a phone shows without scrolling."""
GRADE_LIMIT = 8.5
"""Flesch-Kincaid grade (Kincaid et al. 1975) that no text may pass; health writers aim for 6 to 8."""
SOURCE_AGE = timedelta(days=365)
SAME = 0.97
"""Cosine above which the matcher cannot tell two phrasings apart."""

_NUMBER = re.compile(r"(?<![\d.])(?:\+?\d[\d -]{6,}\d|\b1?-?8\d\d-\w+)")
_DOSE = re.compile(
    r"\b\d+(?:\.\d+)?\s*(?:mg|mcg|µg|ml|milligrams?|milliliters?|grams?|tablets?|pills?|capsules?)\b", re.IGNORECASE
)


def review(content: Content, matcher: Matcher, today: date) -> Iterator[Problem]:
    """Every finding, in the order of the topics."""
    faq = content.faq
    for topic in faq.topics:
        yield from _texts(content, topic)
        if not topic.sources:
            yield content.problem(topic.id, "", f"topic {topic.id!r} has no 'sources': say where the answer comes from")
        if topic.checked is None:
            yield content.problem(
                topic.id, "", f"topic {topic.id!r} has no 'checked': the day its sources were last read"
            )
        elif today - topic.checked > SOURCE_AGE:
            message = f"sources were last read on {topic.checked}: read them again and change the date"
            yield content.problem(topic.id, "checked", message, "warning")
        elif topic.checked > today:
            yield content.problem(topic.id, "checked", f"'checked' lies in the future: {topic.checked}")
    yield from _indistinct(content, matcher)
    abroad = (line for country in faq.helplines.countries for line in country.lines)
    for line in (*faq.helplines.lines, *abroad):
        if line.verified is None:
            message = (
                f"nobody has checked {line.name!r} yet: call it or open its page, then write the day into 'verified'"
            )
            yield content.problem(f"helpline:{line.id}", "number", message, "warning")


def _texts(content: Content, topic: Topic) -> Iterator[Problem]:
    faq = content.faq
    danger = words(faq, topic.danger or "")
    for field in ("answer", "for_family", "again"):
        text = getattr(topic, field)
        if text and (count := words(faq, text) + danger) > ANSWER_WORDS:
            message = f"{field!r} has {count} words with the danger line, at most {ANSWER_WORDS}: move some to 'more'"
            yield content.problem(topic.id, field, message)
    for field, text in topic.texts():
        reading = grade(faq, text)
        if reading > GRADE_LIMIT:
            message = f"{field!r} reads at grade {reading:.1f}, at most {GRADE_LIMIT}: shorter sentences, shorter words"
            yield content.problem(topic.id, field, message)
        if found := _NUMBER.search(text):
            message = f"{field!r} holds a phone number ({found.group()}): write {{emergency}} or the like instead"
            yield content.problem(topic.id, field, message)
        for word, instead in faq.words.avoid.items():
            if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text, re.IGNORECASE):
                yield content.problem(topic.id, field, f"{field!r} says {word!r}: better {instead!r}")
        if found := _DOSE.search(text):
            message = f"{field!r} names a dose ({found.group()!r}): only a prescriber may say that"
            yield content.problem(topic.id, field, message)


def words(faq: Faq, text: str) -> int:
    """Words as a reader counts them, numbers filled in."""
    return len(re.findall(r"[\w'’-]+", faq.fill(text)))


def grade(faq: Faq, text: str) -> float:
    """Flesch-Kincaid grade. Medicine names count as one plain word, list marks end a sentence, numbers are filled in."""
    import textstat  # a second to import, and only `check` needs it

    names = sorted(faq.words.names, key=len, reverse=True)
    if names:
        text = re.sub(rf"\b(?:{'|'.join(map(re.escape, names))})\b", "drug", text, flags=re.IGNORECASE)
    text = re.sub(r"\{\w+\}", "help", text)
    lines = [line.removeprefix("- ").replace("*", "").strip() for line in text.splitlines()]
    ended = [line if line.endswith((".", "!", "?", ":")) else f"{line}." for line in lines if line]
    return float(textstat.flesch_kincaid_grade(" ".join(line.replace(":", ".") for line in ended)))


def _indistinct(content: Content, matcher: Matcher) -> Iterator[Problem]:
    """Phrasings of different topics that look the same to the matcher."""
    faq = content.faq
    for first, second, cosine in matcher.lookalikes(SAME):
        for mine, theirs in ((first, second), (second, first)):
            topic = faq.topic(mine[0])
            if topic is None or faq.topic(theirs[0]) is None or faq.intent(mine[0]) == faq.intent(theirs[0]):
                break
            field = "questions" if mine[1] in topic.questions else "heard"
            if mine[1] not in (*topic.questions, *topic.heard):
                continue
            message = f"{mine[1]!r} and {theirs[1]!r} (topic {theirs[0]!r}) look the same to the matcher: reword one"
            place = f"{field}[{getattr(topic, field).index(mine[1])}]"
            yield content.problem(topic.id, place, f"{message} (cosine {cosine:.2f})")
            break


def listing(faq: Faq) -> Iterator[tuple[str, float, int, int, int, str]]:
    """Per topic: id, reading grade and words of the answer, phrasings, sources, who reviewed it."""
    for topic in faq.topics:
        text = f"{topic.answer}\n{topic.danger or ''}"
        yield (
            topic.id,
            grade(faq, text),
            words(faq, text),
            len(topic.questions),
            len(topic.sources),
            topic.reviewed_by or "nobody",
        )


def median_grade(faq: Faq) -> float:
    """The middle reading grade of all answers."""
    return float(np.median([row[1] for row in listing(faq)]))
