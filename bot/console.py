"""The same conversation in a terminal: no token, no network. Buttons become numbers."""

import time
from collections.abc import Callable, Iterable

from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from bot.conversation import Command, Conversation, Incoming, Question, Turn, parse_button
from bot.memory import NOTHING_KNOWN
from bot.replies import Button, Reply, spans

QUIT = {"/quit", "/exit", "/q"}


class Chat:
    """A chat with one person at one terminal. Remembers the numbered choices on the screen and what the conversation asks it to."""

    def __init__(
        self, conversation: Conversation, console: Console, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._conversation = conversation
        self._console = console
        self._choices: list[Button | str] = []
        self._clock = clock
        self._memory = NOTHING_KNOWN

    def greet(self) -> None:
        """What stands on the screen before the first question."""
        texts = self._conversation.faq.texts
        self._show(self._conversation.respond(Command("start")))
        self._console.print(Text(texts.console_banner.strip(), style="dim"))

    def run(self, lines: Iterable[str]) -> None:
        """Answer line after line until `/quit` or the end of the input."""
        for line in lines:
            text = line.strip()
            if text.lower() in QUIT:
                break
            if text:
                self.say(text)
        self._console.print(Text(self._conversation.faq.texts.console_goodbye, style="dim"))

    def prompt(self) -> Iterable[str]:
        """Lines typed at a terminal."""
        while True:
            try:
                yield self._console.input(Text(f"\n{self._conversation.faq.texts.console_input} ", style="bold cyan"))
            except (EOFError, KeyboardInterrupt):
                return

    def say(self, text: str) -> None:
        """Answer one line. Whatever fails inside, the helplines are on the screen."""
        try:
            turn = self._conversation.respond(self._incoming(text), self._memory, self._clock())
        except Exception as error:
            self._console.print(Text(f"({type(error).__name__})", style="dim"))
            turn = Turn(self._conversation.writer.failure())
        self._memory = turn.memory or self._memory
        self._show(turn)

    def _incoming(self, text: str) -> Incoming:
        number = int(text) if text.isdecimal() and len(text) < 4 else 0
        if 0 < number <= len(self._choices):
            choice = self._choices[number - 1]
            return Question(choice) if isinstance(choice, str) else parse_button(choice.action)
        if text.startswith("/"):
            name, _, argument = text[1:].partition(" ")
            return Command(name.lower(), argument.strip())
        return Question(text)

    def _show(self, turn: Turn) -> None:
        reply = turn.reply
        parts: list[Text | Padding | Panel] = []
        if reply.notice:
            parts += [_styled(reply.notice, "bold red"), Text()]
        if reply.title:
            parts += [Text(reply.title, style="bold underline"), Text()]
        parts += [_styled(reply.text)] if reply.text else []
        if reply.danger:
            parts += [Text(), _styled(reply.danger, "bold")]
        if reply.prompt:
            parts += [Text(), Panel(_styled(reply.prompt), border_style="green", expand=False)]
        if reply.details:
            parts += [Text(), Padding(_styled(reply.details, "dim"), (0, 0, 0, 2))]
        if reply.sources:
            parts += [Text(), Text(self._conversation.faq.texts.sources_title, style="bold")]
            parts += [Text(f"- {source.label}\n  {source.url}") for source in reply.sources]
        if reply.toast:
            parts.append(Text(reply.toast, style="dim"))
        self._console.print()
        self._console.print(Group(*parts))
        if not reply.appends and not reply.drops:
            self._offer(reply)

    def _offer(self, reply: Reply) -> None:
        """The reply's choices, numbered. A menu of the keyboard's labels where the reply asks for the keyboard."""
        labels: list[tuple[str, Button | str]] = []
        if reply.keyboard:
            labels = [(label, label) for row in self._conversation.writer.quick_replies() for label in row]
        else:
            labels = [(button.label, button) for row in reply.rows for button in row if button.action]
        self._choices = [choice for _, choice in labels]
        if not labels:
            return
        self._console.print()
        self._console.print(Text(self._conversation.faq.texts.console_choice, style="dim"))
        for number, (label, _) in enumerate(labels, start=1):
            self._console.print(Text.assemble((f"{number:>3}", "bold cyan"), "  ", label))


def _styled(text: str, style: str = "") -> Text:
    styled = Text(style=style)
    for at, line in enumerate(text.splitlines()):
        styled.append("\n" if at else "")
        bullet = line.startswith("- ")
        styled.append("• " if bullet else "")
        for piece, bold in spans(line.removeprefix("- ")):
            styled.append(piece, style="bold" if bold else "")
    return styled
