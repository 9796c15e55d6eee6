"""`bot.fitted`: what was learned is kept, a broken cache costs time and nothing else."""

import logging
from pathlib import Path

import pytest

from bot import content, fitted
from bot.faq import Faq
from bot.text import Normaliser
from tests.conftest import HELPLINES, LIBRARY, SAFETY, TOPIC, Write

QUESTIONS = ("opening times", "i lost my card", "late book", "hello", "elephants", "how long", "")


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*"))


def test_a_second_start_says_exactly_what_the_first_said(library: Faq, tmp_path: Path) -> None:
    first = fitted.matcher(library, tmp_path / "cache")
    (kept,) = files(tmp_path / "cache")
    before = kept.stat().st_mtime_ns
    second = fitted.matcher(library, tmp_path / "cache")
    for text in QUESTIONS:
        assert second.verdict(text) == first.verdict(text)
        assert second.explain(text) == first.explain(text)
    assert second.vocabulary == first.vocabulary
    assert files(tmp_path / "cache") == [kept]
    assert kept.stat().st_mtime_ns == before, "what is known is not written again"


def test_without_a_folder_the_user_s_cache_is_used(write: Write, cache_folder: Path) -> None:
    library = content.load(write(LIBRARY.replace("on sunday", "on a sunday that no other test asks about")))
    before = {file: file.stat().st_mtime_ns for file in files(cache_folder / "faq-bot")}
    fitted.matcher(library)
    after = {file: file.stat().st_mtime_ns for file in files(cache_folder / "faq-bot")}
    assert len(after.items() - before.items()) == 1


def test_whoever_waits_is_told_only_when_it_takes_long(library: Faq, tmp_path: Path) -> None:
    told: list[str] = []
    for _ in range(2):
        fitted.matcher(library, tmp_path, lambda: told.append("a moment"))
    assert told == ["a moment"]


def test_other_content_is_learned_anew(write: Write, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    fitted.matcher(content.load(write(LIBRARY)), cache)
    assert len(files(cache)) == 1
    fitted.matcher(content.load(write(LIBRARY.replace("i lost my card", "my card is gone"))), cache)
    assert len(files(cache)) == 2
    fitted.matcher(content.load(write(LIBRARY, words="shorthand: {lib: library}")), cache)
    assert len(files(cache)) == 3
    fitted.matcher(content.load(write(LIBRARY.replace("  part_of: fines\n", ""))), cache)
    assert len(files(cache)) == 4


def test_a_new_class_of_danger_is_learned_anew(write: Write, tmp_path: Path) -> None:
    examples = "fire: [smoke in the hall, the roof burns]\nnone: [a book about fire, where is the hall]\n"
    storm = "emergencies:\n  - id: storm\n    title: Storm\n    reply: |\n      Go in.\n"
    for safety, wanted in ((SAFETY, "fire"), (SAFETY.replace("emergencies:\n", storm), "storm")):
        faq = content.load(write(LIBRARY, helplines=HELPLINES, safety=safety, safety_examples=examples))
        opinion = fitted.second_opinion(faq, Normaliser(faq.words), tmp_path)
        assert opinion is not None
        assert wanted in opinion.scales


def test_an_answer_s_text_is_not_learned_from(write: Write, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    fitted.matcher(content.load(write(LIBRARY)), cache)
    fitted.matcher(content.load(write(LIBRARY.replace("Nine to five.", "Ten to six."))), cache)
    assert len(files(cache)) == 1


@pytest.mark.parametrize("rubbish", [b"", b"rubbish", b"PK\x03\x04 cut off"])
def test_a_broken_cache_is_built_anew_with_a_line_in_the_log(
    library: Faq, tmp_path: Path, caplog: pytest.LogCaptureFixture, rubbish: bytes
) -> None:
    first = fitted.matcher(library, tmp_path)
    (kept,) = tmp_path.glob("*.npz")
    kept.write_bytes(rubbish)
    with caplog.at_level(logging.WARNING, "bot.fitted"):
        again = fitted.matcher(library, tmp_path)
    assert again.verdict("opening times") == first.verdict("opening times")
    assert "building it anew" in caplog.text
    caplog.clear()
    fitted.matcher(library, tmp_path)
    assert caplog.text == "", "it was mended"


def test_a_folder_that_cannot_be_written_costs_only_time(
    library: Faq, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("not a folder")
    with caplog.at_level(logging.INFO, "bot.fitted"):
        built = fitted.matcher(library, tmp_path / "file" / "cache")
    assert built.verdict("opening times on sunday").ranking[0][0] == "opening"
    assert "not cached" in caplog.text


def test_old_results_are_cleared_away(write: Write, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    for number in range(11):
        fitted.matcher(content.load(write(TOPIC.replace("opening times", f"opening times {number}"))), cache)
    assert len(files(cache)) == 9
    assert all(file.suffix == ".npz" for file in files(cache))
