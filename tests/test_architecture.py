"""The five rules that can be proven from the source: imports go up, the core is pure, words are content."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import bot
from bot.faq import Faq

PACKAGE = Path(bot.__file__).parent
ORDER = (
    "faq",
    "content",
    "text",
    "meaning",
    "matching",
    "opinion",
    "safety",
    "replies",
    "memory",
    "conversation",
    "settings",
    "feedback",
    "review",
    "evaluation",
    "fitted",
    "console",
    "delivery",
    "transport",
    "metrics",
    "telegram_app",
    "webhook",
    "service",
    "__main__",
)
"""Bottom-up; a module imports only from what stands before it."""

CORE = ORDER[: ORDER.index("conversation") + 1]
SHELL_ONLY = {"telegram", "asyncio", "logging", "os"}

ORDINARY = {
    "withdrawal",
    "overdose",
    "medicine",
    "medicines",
    "medication",
    "medications",
    "brown",
    "gear",
    "horse",
    "h",
}
"""Of the content's words for drugs, those that say nothing of a drug by themselves."""

NUMBER = re.compile(r"(?<![\w.])(?:\+?\d[\d -]{6,}\d|911|988|999|112|\+?1?-?8\d\d-[\w-]+)(?![\w:])")
WORD = re.compile(r"\w+")
DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")


def tree(module: str) -> ast.Module:
    return ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))


def imported(module: str) -> Iterator[str]:
    """Every module that this one imports anywhere in it, by full name; names taken from the package count as modules."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            assert node.module
            if node.module == "bot":
                yield from (f"bot.{alias.name}" for alias in node.names)
            else:
                yield node.module


def own_imports(module: str) -> set[str]:
    """The package's modules that this one imports."""
    names = {name.split(".")[1] for name in imported(module) if name.startswith("bot.")}
    return {name for name in names if not name.startswith("__") or name == "__main__"}


def strings(module: str) -> Iterator[str]:
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def identifiers(module: str) -> Iterator[str]:
    for node in ast.walk(tree(module)):
        for field in ("id", "attr", "name", "arg", "asname"):
            name = getattr(node, field, None)
            if isinstance(name, str):
                yield re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ")


def test_every_module_has_its_place_in_the_order() -> None:
    assert {path.stem for path in PACKAGE.glob("*.py")} == {"__init__", *ORDER}


def test_the_map_of_the_package_lists_every_module_in_this_order() -> None:
    listed = re.findall(r"^    (\w+) {2,}\S|^    (\w{12}) \S", bot.__doc__ or "", re.MULTILINE)
    assert tuple(one or other for one, other in listed) == ORDER


@pytest.mark.parametrize("module", ORDER)
def test_a_module_imports_only_from_those_above_it(module: str) -> None:
    above = set(ORDER[: ORDER.index(module)])
    assert own_imports(module) - above == set()


def test_the_check_of_imports_sees_them() -> None:
    assert {"matching", "text", "faq"} <= own_imports("fitted")
    assert {"content", "fitted", "telegram_app"} <= own_imports("__main__")


def test_no_import_goes_round_in_a_circle() -> None:
    def reachable(module: str, seen: frozenset[str]) -> set[str]:
        assert module not in seen, f"{module} imports itself by way of {sorted(seen)}"
        return {module}.union(*(reachable(name, seen | {module}) for name in own_imports(module)))

    for module in ORDER:
        assert reachable(module, frozenset())


@pytest.mark.parametrize("module", CORE)
def test_the_core_knows_no_telegram_no_event_loop_no_log_and_no_environment(module: str) -> None:
    assert {name.split(".")[0] for name in imported(module)} & SHELL_ONLY == set()


@pytest.mark.parametrize("module", sorted(set(CORE) - {"content"}))
def test_the_core_opens_no_files(module: str) -> None:
    called = {
        node.func.id
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not called & {"open", "print", "input"}
    assert "pathlib" not in {name.split(".")[0] for name in imported(module)}


@pytest.mark.parametrize("module", ORDER)
def test_the_code_names_no_drug(module: str, faq: Faq) -> None:
    names = {name.casefold() for name in (*faq.words.names, *faq.words.concepts["heroin"])} - ORDINARY
    assert "heroin" in names
    text = " | ".join([*strings(module), *identifiers(module)]).casefold()
    words = f" {' '.join(re.findall(WORD, text))} "
    assert [name for name in sorted(names) if f" {name} " in words] == []


def test_the_package_itself_names_no_drug(faq: Faq) -> None:
    assert not set(re.findall(r"\w+", (bot.__doc__ or "").casefold())) & (set(faq.words.names) - ORDINARY)


@pytest.mark.parametrize("module", ORDER)
def test_the_code_holds_no_phone_number(module: str) -> None:
    assert [text for text in strings(module) if NUMBER.search(DAY.sub("", text))] == []


def test_the_check_of_numbers_sees_the_content_s_own(faq: Faq) -> None:
    for line in faq.helplines.lines:
        assert NUMBER.search(f"call {line.number} now"), line.number
        if line.letters:
            assert NUMBER.search(line.letters), line.letters


@pytest.mark.parametrize("module", ["__init__", *ORDER])
def test_every_module_says_what_it_is(module: str) -> None:
    assert ast.get_docstring(tree(module))
