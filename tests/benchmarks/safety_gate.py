"""Measures the safety gate on the held-back messages: recall of cries for help, and false alarms on the others.

    python -m tests.benchmarks.safety_gate            # a minute or two
    python -m tests.benchmarks.safety_gate --apart    # and the rules and the second opinion, each without the other

The sets of `tests/data/safety_held_back.jsonl` are gathered as in the README's table.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot import content, fitted
from bot.faq import Faq
from bot.safety import Gate

DATA = Path(__file__).parents[1] / "data" / "safety_held_back.jsonl"
ROWS = {
    "sixteen plain rounds, nothing learned": "coCFGJKLIXY3",
    "one meant to break it, nothing learned": "h",
    "ten newer plain rounds, misses mended": "ZS12456789",
    "a third of sixteen other plain rounds": "dkmnpqtfVxwvu",
    "other voices": "OTs",
    "rarer classes": "bilyjABDR",
    "hints": "EHQ",
    "long posts": "g",
    "oblique": "a",
    "ordinary messages": "MNPUWerz",
}
PLAIN = ROWS["sixteen plain rounds, nothing learned"] + ROWS["a third of sixteen other plain rounds"]


def gates(faq: Faq, *, apart: bool) -> dict[str, Gate]:
    """The gate as it is and, where asked for, without its second opinion and without its rules."""
    matcher = fitted.matcher(faq)
    second = fitted.second_opinion(faq, matcher.normaliser)
    whole = {"gate": Gate(faq.safety, matcher.normaliser, matcher.vocabulary, second)}
    if not apart or second is None:
        return whole
    classes = tuple(one.model_copy(update={"rules": ()}) for one in faq.safety.emergencies)
    without = faq.safety.model_copy(update={"emergencies": classes})
    return whole | {
        "rules alone": Gate(faq.safety, matcher.normaliser, second.vocabulary),
        "second opinion alone": Gate(without, matcher.normaliser, matcher.vocabulary, second),
    }


def measured(gate: Gate, rows: Iterable[dict[str, str]]) -> tuple[str, str, str]:
    """How many cries and others there are; the share of cries recognised (with the soft check) and of others raised."""
    levels: dict[bool, list[str]] = defaultdict(list)
    for row in rows:
        levels[row["label"] != "none"].append(gate.check(row["text"]).level)
    cries, others = levels[True], levels[False]
    raised, checked = cries.count("emergency") / len(cries), 1 - cries.count("none") / len(cries)
    alarms = others.count("emergency") / len(others)
    return f"{len(cries):,} and {len(others):,}", f"{raised:.1%} ({checked:.1%})", f"{alarms:.1%}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--apart", action="store_true", help="also the rules and the second opinion by themselves")
    apart = parser.parse_args(arguments).apart
    faq = content.load()
    classes = {one.id for one in faq.safety.emergencies} | {"none"}
    held_back = [json.loads(line) for line in DATA.read_text("utf-8").splitlines()]
    messages = [row for row in held_back if row["label"] in classes]
    table = Table("messages", "cries and others", "recognised (with the soft check)", "false alarms")
    tried = gates(faq, apart=apart)
    for title, sets in {**ROWS, "plain together": PLAIN, "all": "".join(ROWS.values())}.items():
        rows = [row for row in messages if row["set"] in sets]
        table.add_row(title, *measured(tried["gate"], rows))
        if apart and title in ("plain together", "all"):
            for name in ("rules alone", "second opinion alone"):
                table.add_row(f"  {name}", *measured(tried[name], rows))
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
