"""What the tests share: the shipped bot, built once, and a way to write a small FAQ about something else."""

from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import platformdirs
import pytest
from hypothesis import strategies as st

from bot import content
from bot.conversation import Conversation
from bot.faq import Faq
from bot.fitted import matcher as fitted_matcher
from bot.matching import Matcher

# The same examples on every run.
hypothesis.settings.register_profile("repeatable", derandomize=True, database=None, deadline=None, max_examples=60)
hypothesis.settings.load_profile("repeatable")

Write = Callable[..., Path]
"""`write(topics, **files)`: a folder with `topics.yaml` and, for `bot=…`, `_bot.yaml` and so on."""

TOPIC = """\
- id: opening
  title: Opening hours
  questions:
    - When are you open?
    - opening times
  answer: |
    Nine to five.
"""

LIBRARY = """\
- id: opening
  title: Opening hours
  questions:
    - When is the library open?
    - opening times on sunday
    - what time do you close
    - are you open on holidays
    - till when can i come in the evening
  keywords: [hours]
  answer: |
    Nine to five.
  related: [card, fines]
- id: card
  title: Library card
  questions:
    - How do I get a library card?
    - what does membership cost
    - can my child join the library
    - i lost my card
    - register as a new reader
  answer: |
    Ask at the desk.
    Bring your *papers*.
  danger: |
    Never lend your card.
  for_family: |
    They must come in person.
  more: |
    It is free under 18.
  passages:
    - words: [cost, how much]
      says: |
        *New cards*
        A new one costs a dollar.
    - words: [abroad]
      says: |
        Other towns do not take it.
  sources:
    - {organisation: City, title: Rules, year: 2020, url: "https://example.org/rules"}
- id: fines
  title: Late books
  questions:
    - What happens if I return a book late?
    - how much are the fines
    - my book is overdue
    - extend a loan
    - can i renew what i borrowed
  answer: |
    Ten cents a day.
- id: refund
  title: Fines paid twice
  part_of: fines
  questions:
    - I paid a fine twice, do I get my money back?
    - refund of a fine
    - you charged me two times
    - reimburse what i overpaid
    - money back please
  answer: |
    Bring the receipt.
"""

HELPLINES = """\
prompt: [desk, shop]
numbers:
  desk: "555 0100 (in town)"
lines:
  - {id: desk, name: Front desk, number: "+1-555-010-0000", letters: 555-DESK, short: free, what: People., hours: day, cost: free, languages: English, country: X, text: "Text us", verified: 2026-01-02}
  - {id: shop, name: Book shop, number: "+1-555-020-0000", short: commercial, what: A shop., hours: day, cost: free, languages: English, country: X, placement: true}
"""

SAFETY = """\
words:
  now: ["=now"]
  place: [shelf, reading room]
guards:
  past: [ago, last year]
emergencies:
  - id: fire
    title: Fire
    contacts: [desk]
    reply: |
      *Leave, and call {desk} from outside.*
    rules:
      - {id: burning, says: ["<place> .. burning", "=fire"], unless: [past]}
      - {id: smell, says: [smoky], soft: true}
  - id: flood
    title: Flood
    reply: |
      *Go upstairs, call {desk}.*
    rules:
      - {id: water, says: [flooded]}
asked_again: {id: again, says: [once more]}
refusals:
  - id: stealing
    topics: [card]
    reply: |
      I can't help with that.
    rules:
      - {id: steal, says: ["steal .. book|books"]}
  - id: noise
    reply: |
      Please be quiet.
    rules:
      - {id: shout, says: [shout]}
soft_check: |
  *If it burns, call {desk}.*
"""


@pytest.fixture(autouse=True)
def durations(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `python -m bot` sets it for the Telegram library."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The cache of fitted matchers goes into a folder of this run, also for programs that the tests start."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        patch.setattr(platformdirs, "user_cache_path", lambda *_, **__: folder / "faq-bot")
        yield folder


@pytest.fixture(scope="session")
def faq() -> Faq:
    """The shipped content."""
    return content.load()


@pytest.fixture(scope="session")
def matcher(faq: Faq, cache_folder: Path) -> Matcher:
    """The matcher of the shipped content; fitting it takes seconds, so it is fitted once."""
    return fitted_matcher(faq, cache_folder / "faq-bot")


@pytest.fixture(scope="session")
def conversation(faq: Faq, matcher: Matcher) -> Conversation:
    """The shipped bot without a screen, as it runs where nobody counts ratings."""
    return Conversation(faq, matcher=matcher)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a small folder of YAML and returns it. Without arguments it is one valid topic file."""

    def write(topics: str | bytes | None = TOPIC, **files: str | bytes) -> Path:
        folder = tmp_path / "faq"
        folder.mkdir(exist_ok=True)
        texts = {"topics": topics} | {f"_{name}": text for name, text in files.items()}
        for name, text in texts.items():
            if text is not None:
                (folder / f"{name}.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
        return folder

    return write


@pytest.fixture
def library(write: Write) -> Faq:
    """A small FAQ about something else, with helplines, dangers and refusals."""
    return content.load(write(LIBRARY, helplines=HELPLINES, safety=SAFETY))


_WORDS = (
    "i my he she not no can't die help how long does it last sick heroin methadone narcan overdose now ago ? ! . … 🙂 ’"
)
_characters = st.characters(exclude_categories=())

any_text = st.one_of(
    st.text(_characters, max_size=200),
    st.lists(st.sampled_from(_WORDS.split()), max_size=80).map(" ".join),
    st.builds(
        lambda piece, times: (piece * times)[:4096], st.text(_characters, min_size=1, max_size=12), st.integers(1, 4096)
    ),
)
"""Whatever a keyboard can send, up to Telegram's longest message; lone surrogates and control characters too."""
