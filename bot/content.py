"""A folder of YAML becomes a Faq, or every problem in it as `file:line: message`. The only room that knows YAML.

YAML is read as nodes, never as Python objects: each value stays the text that the editor typed, so `no` is a word and
not False, a wrong date is a message and not a crash, and a key written twice is an error and not a silent loss.
"""

import importlib.resources
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt
import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.faq import (
    Faq,
    Helplines,
    Rule,
    Safety,
    SmallTalk,
    Texts,
    Theme,
    Topic,
    Words,
)

# Without resolvers: what a value is, the models say. In C where that was built, which is ten times as fast.
Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
M = TypeVar("M", bound=BaseModel)

DEFAULTS = "_defaults.yaml"
"""What holds for any FAQ. Read from the shipped content, so that a folder with one topic file is a whole bot."""
WORD_VECTORS = "_word_vectors.npz"
"""What English words mean, as numbers: made by `tests/benchmarks/word_vectors.py`, and shipped with the content."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to mend. `line` counts from 1; 0 means the file or folder as a whole."""

    file: str
    line: int
    message: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {'warning: ' if self.severity == 'warning' else ''}{self.message}"


class ContentError(Exception):
    """The content cannot be used; `problems` says all that is wrong with it, at once, and `place` where."""

    def __init__(self, problems: Iterable[Problem], place: str = "the content") -> None:
        self.problems = tuple(sorted(problems))
        self.place = place
        super().__init__("\n".join(str(problem) for problem in self.problems))


Path_ = tuple[str | int, ...]
"""Where a value stands in a file: keys and list positions from the top."""


@dataclass(slots=True)
class Document:
    """One file as plain values, with the line of each of them."""

    file: str
    data: Any
    lines: dict[Path_, int]

    def line(self, path: Path_) -> int:
        """The line of a value, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


@dataclass(slots=True)
class Content:
    """A Faq with the places where its parts were written, for whoever reviews it further."""

    faq: Faq
    places: dict[tuple[str, str], tuple[str, int]]
    """(topic id, field or `questions[3]`) → (file, line); a helpline's fields under `helpline:<id>`."""

    def problem(self, owner: str, field: str, message: str, severity: Literal["error", "warning"] = "error") -> Problem:
        """A problem at the place where this field of this topic was written."""
        file, line = self.places.get((owner, field)) or self.places.get((owner, "")) or ("faq", 0)
        return Problem(file, line, message, severity)


def shipped_folder() -> Path:
    """The content that comes with the program: inside an installed wheel, or beside `bot/` in a checkout."""
    packaged = Path(str(importlib.resources.files("bot"))) / "_faq"
    return packaged if packaged.is_dir() else packaged.parent.parent / "faq"


@cache
def word_vectors() -> tuple[tuple[str, ...], npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """The words whose meaning is known, their vectors as whole numbers, and what one of each vector's units is."""
    with np.load(shipped_folder() / WORD_VECTORS, allow_pickle=False) as data:
        return tuple(str(data["words"]).split("\n")), data["vectors"], data["scale"]


def load(folder: Path | None = None) -> Faq:
    """The folder's Faq, or a ContentError that lists every problem in it. None means the shipped content."""
    return read(folder).faq


def read(folder: Path | None = None) -> Content:
    """Like `load`, with the place of every part."""
    folder = folder or shipped_folder()
    problems: list[Problem] = []
    parsed = {path.name: _parse(path, problems) for path in _files(folder)}
    documents = {name: document for name, document in parsed.items() if document.data is not None}
    unread = parsed.keys() - documents.keys()
    if DEFAULTS not in documents:
        documents[DEFAULTS] = _parse(shipped_folder() / DEFAULTS, problems)
    topic_files = {name: document for name, document in documents.items() if not name.startswith("_")}
    if problems and not topic_files:
        raise ContentError(problems)
    if not topic_files:
        raise ContentError(
            [Problem(str(folder), 0, "no topic file: put at least one *.yaml with a list of topics here")]
        )

    defaults = documents.pop(DEFAULTS)
    known = {"_bot.yaml", "_words.yaml", "_small_talk.yaml", "_helplines.yaml", "_safety.yaml", "_safety_examples.yaml"}
    for name in documents.keys() - topic_files.keys() - known:
        hint = _did_you_mean(name, known)
        problems.append(
            Problem(documents[name].file, 0, f"unknown file {name!r}{hint}; topics go into files without '_'")
        )

    places: dict[tuple[str, str], tuple[str, int]] = {}
    topics = _topics(topic_files.values(), places, problems)
    # Where a file or a topic could not be read, what names it is not wrong for that.
    written = sum(len(document.data) for document in topic_files.values() if isinstance(document.data, list))
    whole = not unread and len(topics) == written
    texts = _layered(Texts, defaults, "bot", documents.get("_bot.yaml"), problems)
    words = _layered(Words, defaults, "words", documents.get("_words.yaml"), problems)
    small_talk = _layered(SmallTalk, defaults, "small_talk", documents.get("_small_talk.yaml"), problems)
    helplines = _layered(Helplines, defaults, "helplines", documents.get("_helplines.yaml"), problems)
    safety = _layered(Safety, defaults, "safety", documents.get("_safety.yaml"), problems)
    if safety and (document := documents.get("_safety_examples.yaml")):
        safety = _with_examples(safety, document, problems)
    if helplines and (document := documents.get("_helplines.yaml")) and isinstance(document.data, dict):
        _place_helplines(document, places)
    if topics and texts and words and small_talk and helplines and safety:
        faq = Faq(
            topics=tuple(topics),
            themes=_themes(topics, texts),
            helplines=helplines,
            safety=safety,
            words=words,
            small_talk=small_talk,
            texts=_with_quick_replies(texts, topics),
        )
        content = Content(faq, places)
        problems += _between(content, documents) if whole else []
        if not problems:
            return content
    raise ContentError(problems or [Problem(str(folder), 0, "there is no topic in it")])


# --- reading files -----------------------------------------------------------------------------------------------


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise ContentError([Problem(str(folder), 0, "there is no such folder; name one with YAML files in it")])
    wrong = list(folder.glob("*.yml"))
    if wrong:
        raise ContentError([Problem(str(path), 0, "rename it to end in .yaml; only those are read") for path in wrong])
    return sorted(folder.glob("*.yaml"))


def _parse(path: Path, problems: list[Problem]) -> Document:
    document = Document(str(path), None, {})
    try:
        node = yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=Loader)
    except UnicodeDecodeError as error:
        problems.append(Problem(str(path), 0, f"not UTF-8 at byte {error.start}: save the file as UTF-8"))
    except OSError as error:
        problems.append(Problem(str(path), 0, f"cannot be read: {error.strerror}"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = error.problem or "this is not YAML"
        hint = "; a text with ': ' or '#' in it needs quotes around it" if "mapping values" in reason else ""
        hint = "; indent with spaces, not tabs" if "\\t" in reason else hint
        hint = (
            hint
            or "; look here and just above for an open bracket or quote, a missing ':' or '-', a wrong indent, or a text that needs quotes"
        )
        problems.append(Problem(str(path), mark.line + 1 if mark else 0, f"{reason}{hint}"))
    except yaml.YAMLError as error:
        problems.append(Problem(str(path), 0, f"this is not YAML: {error}"))
    except RecursionError:
        problems.append(Problem(str(path), 0, "too deeply nested to be read"))
    else:
        if node is None or (isinstance(node, yaml.ScalarNode) and not node.value):
            problems.append(Problem(str(path), 0, "the file is empty: write something into it or remove it"))
        else:
            document.data = _value(node, (), document, problems)
    return document


def _value(node: yaml.Node, path: Path_, document: Document, problems: list[Problem]) -> Any:
    document.lines[path] = node.start_mark.line + 1
    if len(path) > _DEEPEST:
        problems.append(
            Problem(document.file, node.start_mark.line + 1, "too deeply nested: an alias that holds itself?")
        )
        return None
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                problems.append(Problem(document.file, line, "a key must be a word"))
                continue
            key = key_node.value
            if key in mapping:
                first = document.lines[(*path, key)]
                message = f"key {key!r} is written twice (first in line {first}): remove one"
                problems.append(Problem(document.file, line, message))
                continue
            mapping[key] = _value(value_node, (*path, key), document, problems)
            document.lines[(*path, key)] = line
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_value(child, (*path, index), document, problems) for index, child in enumerate(node.value)]
    text: str = node.value
    plain = not getattr(node, "style", None)  # None from one parser, "" from the other
    return None if plain and text in {"", "~", "null", "Null", "NULL"} else text


# --- values to models ----------------------------------------------------------------------------------------------


def _topics(
    documents: Iterable[Document], places: dict[tuple[str, str], tuple[str, int]], problems: list[Problem]
) -> list[Topic]:
    topics: list[Topic] = []
    for document in documents:
        if document.data is None:
            continue
        if not isinstance(document.data, list):
            message = "a topic file is a list: begin each topic with '- id: …'"
            problems.append(Problem(document.file, document.line(()), message))
            continue
        for index, item in enumerate(document.data):
            if not isinstance(item, dict):
                message = "a topic is made of keys: id, title, questions, answer"
                problems.append(Problem(document.file, document.line((index,)), message))
                continue
            if "theme" in item:
                message = "unknown key 'theme': a topic's theme is the name of its file"
                problems.append(Problem(document.file, document.line((index, "theme")), message))
                continue
            topic = _model(Topic, item | {"theme": Path(document.file).stem}, document, (index,), problems)
            if topic:
                if (topic.id, "") in places:
                    file, line = places[topic.id, ""]
                    message = f"id {topic.id!r} is already taken in {file}:{line}: choose another"
                    problems.append(Problem(document.file, document.line((index, "id")), message))
                    continue
                topics.append(topic)
                _place(topic.id, (index,), document, places)
    return topics


def _place(owner: str, base: Path_, document: Document, places: dict[tuple[str, str], tuple[str, int]]) -> None:
    """Note the lines of an owner's fields and of the entries of its lists."""
    places[owner, ""] = (document.file, document.line(base))
    value = document.data
    for part in base:
        value = value[part]
    for field, content in value.items():
        places[owner, field] = (document.file, document.line((*base, field)))
        if isinstance(content, list):
            for index in range(len(content)):
                places[owner, f"{field}[{index}]"] = (document.file, document.line((*base, field, index)))


def _place_helplines(document: Document, places: dict[tuple[str, str], tuple[str, int]]) -> None:
    groups: list[tuple[Path_, Any]] = [(("lines",), document.data.get("lines"))]
    for number, country in enumerate(document.data.get("countries") or []):
        groups.append((("countries", number, "lines"), country.get("lines")))
    for path, lines in groups:
        for index, item in enumerate(lines or []):
            _place(f"helpline:{item['id']}", (*path, index), document, places)


def _layered(
    model: type[M], defaults: Document, section: str, document: Document | None, problems: list[Problem]
) -> M | None:
    """The folder's file on top of the defaults: mappings are joined key by key, everything else is replaced."""
    base = defaults.data.get(section) or {} if isinstance(defaults.data, dict) else {}
    if document is None or document.data is None:
        return _model(model, base, defaults, (section,), problems)
    if not isinstance(document.data, dict):
        problems.append(Problem(document.file, document.line(()), "this file is made of keys, not a list"))
        return None
    merged = dict(base)
    for key, value in document.data.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        lists = isinstance(value, list) and isinstance(base.get(key), list) and key in _GROWING
        merged[key] = base[key] | value if both else base[key] + value if lists else value
    return _model(model, merged, document, (), problems)


_DEEPEST = 12
"""Levels of lists and mappings; the deepest that the content has is six."""

_GROWING = {
    "function_words",
    "other_people",
    "oneself",
    "follow_ups",
    "refer_back",
    "other_languages",
    "openers",
    "joints",
    "question_words",
    "greeting",
    "thanks",
    "helpline",
    "complaint",
    "good_news",
    "vague",
}
"""Lists of ordinary words and phrases that a folder adds to; what the bot shows (rows, commands) it replaces."""


def _model(model: type[M], data: Any, document: Document, base: Path_, problems: list[Problem]) -> M | None:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        for details in error.errors():
            path = (*base, *(part for part in details["loc"] if part != "examples"))
            problems.append(Problem(document.file, document.line(path), _explain(details, model)))
    return None


def _explain(details: ErrorDetails, model: type[BaseModel]) -> str:
    """Pydantic's finding as a sentence with the mend."""
    where = ".".join(f"{part + 1}" if isinstance(part, int) else str(part) for part in details["loc"])
    context = details.get("ctx") or {}
    value = details.get("input")
    match details["type"]:
        case "missing":
            return f"{where!r} is missing: add it"
        case "extra_forbidden":
            return f"unknown key {details['loc'][-1]!r}{_did_you_mean(str(details['loc'][-1]), model.model_fields)}"
        case "string_too_long":
            length = len(value) if isinstance(value, str) else "?"
            return f"{where!r} has {length} characters, at most {context.get('max_length')} fit: shorten it"
        case "string_too_short" | "string_type" if value in (None, "") or str(value).strip() == "":
            return f"{where!r} is empty: write it or remove the key"
        case "string_type":
            return f"{where!r} must be one text, not a list or a mapping: put quotes around it"
        case "string_pattern_mismatch" if details["loc"][-1] == "url":
            return f"{where!r} must begin with http:// or https:// and have no spaces, not {value!r}"
        case "string_pattern_mismatch" if details["loc"][-1] == "number":
            return f"{where!r} must be a phone number of digits, spaces and '-', not {value!r}"
        case "string_pattern_mismatch":
            return f"{where!r} must be lower-case letters, digits and '_', beginning with a letter, not {value!r}"
        case "tuple_type":
            return f"{where!r} must be a list: write each entry on a line of its own with '- ' before it"
        case "too_short":
            return f"{where!r} needs at least {context.get('min_length')} entry"
        case "too_long":
            return f"{where!r} has {context.get('actual_length')} entries, at most {context.get('max_length')} fit"
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"{where!r} must be made of keys, like 'name: …', not {value!r}"
        case "value_error":
            return f"{where!r}: {context.get('error')}"
        case kind if kind.startswith("date"):
            return f"{where!r} must be a date like 2026-11-20, not {value!r}"
        case _:
            return f"{where!r}: {details['msg']} (it is {value!r})"


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, list(known), n=1)
    return f": did you mean {near[0]!r}?" if near else ""


# --- what holds between values -------------------------------------------------------------------------------------


def _themes(topics: Iterable[Topic], texts: Texts) -> tuple[Theme, ...]:
    """Themes in the order of `themes:`, then those it does not name, under their file's name."""
    files = list(dict.fromkeys(topic.theme for topic in topics))
    ordered = [name for name in texts.themes if name in files] + [name for name in files if name not in texts.themes]
    return tuple(
        Theme(id=name, title=texts.themes.get(name, name.replace("_", " ").capitalize()[:30])) for name in ordered
    )


def _with_examples(safety: Safety, document: Document, problems: list[Problem]) -> Safety | None:
    """The gate's data with the example messages, whose classes it must know."""
    if not isinstance(document.data, dict):
        problems.append(Problem(document.file, document.line(()), "this file is made of keys, one for each class"))
        return None
    known = {"none", *(one.id for one in safety.emergencies), *(one.id for one in safety.refusals)}
    known |= {one.id for one in safety.cautions}
    for name in document.data.keys() - known:
        message = f"class {name!r} is none of _safety.yaml{_did_you_mean(name, known)}"
        problems.append(Problem(document.file, document.line((name,)), message))
    examples = _model(Safety, {"examples": document.data}, document, (), problems)
    return safety.model_copy(update={"examples": examples.examples}) if examples else None


def _with_quick_replies(texts: Texts, topics: list[Topic]) -> Texts:
    """A folder that names no quick replies gets its first eight topics, the topics menu and the helpline."""
    if texts.quick_replies:
        return texts
    ids = [topic.id for topic in topics[:8]]
    rows = [tuple(ids[index : index + 2]) for index in range(0, len(ids), 2)]
    return texts.model_copy(update={"quick_replies": (*rows, ("/topics", "/helpline"))})


def _between(content: Content, documents: dict[str, Document]) -> Iterator[Problem]:
    """Everything that is right by itself and wrong beside the rest."""
    faq = content.faq
    ids = {topic.id for topic in faq.topics}
    phrasings: dict[str, tuple[str, str]] = {}
    for topic in faq.topics:
        for field in ("related", "instead_of"):
            for index, name in enumerate(getattr(topic, field)):
                if name not in ids or name == topic.id:
                    message = f"{field!r} names {name!r}, which is no other topic{_did_you_mean(name, ids)}"
                    yield content.problem(topic.id, f"{field}[{index}]", message)
        if topic.part_of is not None:
            wider = faq.topic(topic.part_of)
            if wider is None or wider.id == topic.id or wider.part_of:
                message = f"'part_of' must name a topic that is itself part of none, not {topic.part_of!r}"
                yield content.problem(topic.id, "part_of", message + _did_you_mean(topic.part_of, ids))
        for field, wordings in (("questions", topic.questions), ("heard", topic.heard)):
            for index, wording in enumerate(wordings):
                key = " ".join(re.findall(r"\w+", wording.casefold()))
                if key in phrasings:
                    file, line = content.places[phrasings[key]]
                    message = f"{wording!r} stands already in {file}:{line} (topic {phrasings[key][0]!r}): keep one"
                    yield content.problem(topic.id, f"{field}[{index}]", message)
                else:
                    phrasings[key] = (topic.id, f"{field}[{index}]")
        for field, text in topic.texts():
            for name in re.findall(r"\{(\w*)\}", text):
                if name not in faq.helplines.numbers:
                    numbers = faq.helplines.numbers
                    message = f"{{{name}}} is no number of _helplines.yaml{_did_you_mean(name, numbers)}"
                    yield content.problem(topic.id, field, message)

    def elsewhere(name: str, path: Path_, message: str) -> Problem:
        document = documents.get(name)
        return Problem(document.file if document else name, document.line(path) if document else 0, message)

    yield from _helplines(faq, elsewhere)
    yield from _countries(faq.helplines, elsewhere)
    commands = {f"/{command.name}" for command in faq.texts.commands}
    for row_number, row in enumerate(faq.texts.quick_replies):
        for name in row:
            if name not in ids and name not in commands:
                message = f"quick reply {name!r} is neither a topic nor a command{_did_you_mean(name, ids | commands)}"
                yield elsewhere("_bot.yaml", ("quick_replies", row_number), message)
    titles: dict[str, str] = {}
    for topic in faq.topics:
        other = titles.setdefault(topic.title.casefold(), topic.id)
        if other != topic.id:
            message = f"title {topic.title!r} is also that of {other!r}: two buttons would look alike"
            yield content.problem(topic.id, "title", message)
    filled = set(faq.helplines.numbers) | _FILLED
    for name, text in faq.texts.model_dump().items():
        for hole in re.findall(r"\{(\w*)\}", text) if isinstance(text, str) else ():
            if hole not in filled:
                message = f"{name!r}: {{{hole}}} is filled in by nothing{_did_you_mean(hole, filled)}"
                yield elsewhere("_bot.yaml", (name,), message)
    yield from _safety(faq, {line.id for line in faq.helplines.lines}, ids, elsewhere)


_FILLED = {
    *("name", "number", "what", "hours", "cost", "short", "title"),
    *("topics", "checked", "review", "reviewed"),
}
"""What the bot fills into its own texts, besides the numbers of `_helplines.yaml`."""


def _helplines(faq: Faq, elsewhere: Callable[[str, Path_, str], Problem]) -> Iterator[Problem]:
    """Each line has an id of its own, and what is named is there."""
    helplines = faq.helplines
    lines = {line.id for line in helplines.lines}
    seen: set[str] = set()
    for index, helpline in enumerate(helplines.lines):
        if helpline.id in seen:
            yield elsewhere("_helplines.yaml", ("lines", index, "id"), f"id {helpline.id!r} is taken: choose another")
        seen.add(helpline.id)
    for index, name in enumerate(helplines.prompt):
        if name not in lines:
            message = f"'prompt' names {name!r}, which is no helpline{_did_you_mean(name, lines)}"
            yield elsewhere("_helplines.yaml", ("prompt", index), message)
    if helplines.topic and not faq.topic(helplines.topic):
        ids = {topic.id for topic in faq.topics}
        message = f"'topic' names {helplines.topic!r}, which is no topic{_did_you_mean(helplines.topic, ids)}"
        yield elsewhere("_helplines.yaml", ("topic",), message)


def _countries(helplines: Helplines, elsewhere: Callable[[str, Path_, str], Problem]) -> Iterator[Problem]:
    """Each country names only lines and numbers that there are."""
    general = {line.id for line in helplines.lines}
    taken = set(general)
    for number, country in enumerate(helplines.countries):
        here: Path_ = ("countries", number)
        own = {line.id for line in country.lines}
        for name in sorted(own & taken):
            yield elsewhere("_helplines.yaml", (*here, "lines"), f"id {name!r} is taken: choose another")
        taken |= own
        there = own | set(country.shared)
        named = [("shared", name, general) for name in country.shared]
        named += [("prompt", name, there) for name in country.prompt]
        named += [("instead", name, general) for name in country.instead]
        named += [("instead", name, there) for name in country.instead.values()]
        named += [("numbers", name, set(helplines.numbers)) for name in country.numbers]
        for field, name, known in named:
            if name not in known:
                what = "number above" if field == "numbers" else "helpline of this country"
                message = f"{field!r} of {country.id!r} names {name!r}, which is no {what}{_did_you_mean(name, known)}"
                yield elsewhere("_helplines.yaml", (*here, field), message)


def _safety(
    faq: Faq, lines: set[str], ids: set[str], elsewhere: Callable[[str, Path_, str], Problem]
) -> Iterator[Problem]:
    safety = faq.safety
    taken = {"none"}  # what harmless examples are called
    for kind, members in safety.ruled():
        for number, member in enumerate(members):
            if member.id in taken:
                yield elsewhere("_safety.yaml", (kind, number, "id"), f"id {member.id!r} is taken: choose another")
            taken.add(member.id)
    yield from _safety_texts(faq, elsewhere)
    steps = {step.id for step in safety.steps}
    for number, emergency in enumerate(safety.emergencies):
        here: Path_ = ("emergencies", number)
        for name in emergency.contacts:
            if name not in lines:
                message = f"contact {name!r} is no helpline{_did_you_mean(name, lines)}"
                yield elsewhere("_safety.yaml", (*here, "contacts"), message)
            elif (line := faq.helplines.get(name)) and line.placement:
                message = f"{name!r} places callers in treatment: it may not stand in an emergency reply"
                yield elsewhere("_safety.yaml", (*here, "contacts"), message)
        for name in emergency.subject:
            if name not in safety.words:
                message = f"list {name!r} is not among 'words'{_did_you_mean(name, safety.words)}"
                yield elsewhere("_safety.yaml", (*here, "subject"), message)
        for name in emergency.steps:
            if name not in steps:
                message = f"step {name!r} is not among 'steps'{_did_you_mean(name, steps)}"
                yield elsewhere("_safety.yaml", (*here, "steps"), message)
    for number, step in enumerate(safety.steps):
        for name in step.instead_of:
            if name not in steps - {step.id}:
                message = f"'instead_of' names {name!r}, which is no other step{_did_you_mean(name, steps)}"
                yield elsewhere("_safety.yaml", ("steps", number, "instead_of"), message)
    named: list[tuple[Path_, str]] = [
        (("steps", at, "topic"), one.topic) for at, one in enumerate(safety.steps) if one.topic
    ]
    named += [(("refusals", at, "topics"), topic) for at, one in enumerate(safety.refusals) for topic in one.topics]
    named += [(("cautions", at, "topic"), one.topic) for at, one in enumerate(safety.cautions) if one.topic]
    for place, topic in named:
        if topic not in ids:
            yield elsewhere("_safety.yaml", place, f"{topic!r} is no topic{_did_you_mean(topic, ids)}")
    rules: list[tuple[Path_, Rule]] = [
        ((kind, number, "rules", index), rule)
        for kind, group in safety.ruled()
        for number, member in enumerate(group)
        for index, rule in enumerate(member.rules)
    ]
    rules += [(("asked_again",), safety.asked_again)] if safety.asked_again else []
    known = [one.id for group in (safety.emergencies, safety.clues, safety.steps) for one in group] + list(ids)
    for place, rule in rules:
        for name in rule.unless:
            if name not in safety.guards:
                message = f"guard {name!r} is not defined{_did_you_mean(name, safety.guards)}"
                yield elsewhere("_safety.yaml", (*place, "unless"), message)
        for name in rule.after:
            if name not in known:
                message = f"{name!r} is no emergency, no step, no clue and no topic{_did_you_mean(name, known)}"
                yield elsewhere("_safety.yaml", (*place, "after"), message)
        for say in rule.says:
            for name in re.findall(r"<(\w*)>", say):
                if name not in safety.words:
                    message = f"<{name}> is not among 'words'{_did_you_mean(name, safety.words)}"
                    yield elsewhere("_safety.yaml", (*place, "says"), message)


def _safety_texts(faq: Faq, elsewhere: Callable[[str, Path_, str], Problem]) -> Iterator[Problem]:
    safety = faq.safety
    texts: list[tuple[Path_, str]] = [(("soft_check",), safety.soft_check or "")]
    texts += [(("emergencies", at, "reply"), one.reply) for at, one in enumerate(safety.emergencies)]
    texts += [(("emergencies", at, "also"), one.also or "") for at, one in enumerate(safety.emergencies)]
    texts += [
        (("emergencies", at, "other_language"), one.other_language or "") for at, one in enumerate(safety.emergencies)
    ]
    texts += [(("emergencies", at, "again"), one.again or "") for at, one in enumerate(safety.emergencies)]
    texts += [
        (("emergencies", at, "again_later", turn), text)
        for at, one in enumerate(safety.emergencies)
        for turn, text in enumerate(one.again_later)
    ]
    texts += [(("emergencies", at, "reminder"), one.reminder or "") for at, one in enumerate(safety.emergencies)]
    texts += [(("steps", at, "text"), one.text) for at, one in enumerate(safety.steps)]
    texts += [(("steps", at, "again"), one.again or "") for at, one in enumerate(safety.steps)]
    texts += [(("refusals", at, "reply"), one.reply) for at, one in enumerate(safety.refusals)]
    texts += [(("cautions", at, "line"), one.line) for at, one in enumerate(safety.cautions)]
    for path, text in texts:
        for hole in re.findall(r"\{(\w*)\}", text):
            if hole not in faq.helplines.numbers:
                numbers = faq.helplines.numbers
                message = f"{{{hole}}} is no number of _helplines.yaml{_did_you_mean(hole, numbers)}"
                yield elsewhere("_safety.yaml", path, message)
    for index, name in enumerate(safety.clause_guards):
        if name not in safety.guards:
            message = f"guard {name!r} is not defined{_did_you_mean(name, safety.guards)}"
            yield elsewhere("_safety.yaml", ("clause_guards", index), message)
    for group, lists in (("words", safety.words), ("guards", safety.guards)):
        for name, wordings in lists.items():
            for index, wording in enumerate(wordings):
                for other in re.findall(r"<(\w*)>", wording):
                    if group == "words" or other not in safety.words:
                        message = f"<{other}> is not among 'words'{_did_you_mean(other, safety.words)}"
                        message = message if group == "guards" else f"a list may not hold another list: <{other}>"
                        yield elsewhere("_safety.yaml", (group, name, index), message)
