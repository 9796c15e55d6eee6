"""The recording server must refuse what Telegram refuses, or the tests that lean on it prove nothing."""

from typing import Any

import pytest

from tests.telegram_server import RuleBrokenError, check_commands, check_markup, check_text, parse_html


def inline(*rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"inline_keyboard": list(rows)}


@pytest.mark.parametrize(
    "source",
    [
        "1 < 2",
        "you & me",
        "a&nbsp;b",
        "<b>never closed",
        "closed only</b>",
        "<b><i>crossed</b></i>",
        "<p>unknown</p>",
        "<br>",
        '<a href="tel:911">call</a>',
        "<a>nowhere</a>",
        '<b class="x">attribute</b>',
        "<blockquote expandible>misspelled</blockquote>",
        "<blockquote>outer<blockquote>inner</blockquote></blockquote>",
    ],
)
def test_html_that_telegram_cannot_parse_is_refused(source: str) -> None:
    with pytest.raises(RuleBrokenError):
        parse_html(source)


def test_html_becomes_text_and_entities_counted_in_utf_16_units() -> None:
    text, entities = parse_html(
        '💊 <b>a &lt;b&gt;</b>\n<blockquote expandable>c <a href="https://x.org/?a=1&amp;b=2">d</a></blockquote>'
    )

    assert text == "💊 a <b>\nc d"
    assert entities == [
        {"type": "bold", "offset": 3, "length": 5},
        {"type": "expandable_blockquote", "offset": 9, "length": 3},
        {"type": "text_link", "url": "https://x.org/?a=1&b=2", "offset": 11, "length": 1},
    ]


@pytest.mark.parametrize("text", ["", "  \n ", "<b></b>", "x" * 4097, "💊" * 2049])
def test_text_that_is_empty_or_too_long_is_refused(text: str) -> None:
    with pytest.raises(RuleBrokenError):
        check_text({"text": text, "parse_mode": "HTML"})


@pytest.mark.parametrize("text", ["x" * 4096, "💊" * 2048, "<b>" + "&amp;" * 4096 + "</b>"])
def test_text_of_exactly_the_limit_is_accepted(text: str) -> None:
    assert check_text({"text": text, "parse_mode": "HTML"})[0]


@pytest.mark.parametrize(
    "markup",
    [
        inline([{"text": "", "callback_data": "x"}]),
        inline([{"text": "both", "callback_data": "x", "copy_text": {"text": "y"}}]),
        inline([{"text": "neither"}]),
        inline([{"text": "empty", "callback_data": ""}]),
        inline([{"text": "65 bytes", "callback_data": "é" * 32 + "x"}]),
        inline([{"text": "long copy", "copy_text": {"text": "x" * 257}}]),
        inline([{"text": "phone", "url": "tel:911"}]),
        inline([{"text": "wide", "callback_data": "x"}] * 9),
        inline(*[[{"text": "many", "callback_data": "x"}]] * 101),
        inline([]),
        {"keyboard": []},
        {"keyboard": [[{"text": " "}]]},
        {"keyboard": [[{"text": "ok"}]], "input_field_placeholder": "x" * 65},
        {"remove": True},
    ],
)
def test_keyboards_that_telegram_refuses_are_refused(markup: dict[str, Any]) -> None:
    with pytest.raises(RuleBrokenError):
        check_markup(markup)


def test_a_reply_keyboard_below_an_edited_message_is_refused() -> None:
    with pytest.raises(RuleBrokenError):
        check_markup({"keyboard": [[{"text": "ok"}]]}, inline_only=True)


@pytest.mark.parametrize(
    "commands",
    [
        [{"command": "Start", "description": "x"}],
        [{"command": "start", "description": ""}],
        [{"command": "start", "description": "x" * 257}],
        [{"command": "x" * 33, "description": "x"}],
        [{"command": "start", "description": "x"}] * 101,
    ],
)
def test_commands_that_telegram_refuses_are_refused(commands: list[dict[str, Any]]) -> None:
    with pytest.raises(RuleBrokenError):
        check_commands(commands)
