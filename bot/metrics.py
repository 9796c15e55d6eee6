"""Counts what the bot does, without who: turns by outcome, errors, and how long an answer took."""

import prometheus_client as prometheus


class Metrics:
    """Counters of one process, for `/metrics` and the hourly line in the log."""

    def __init__(self) -> None:
        self._registry = prometheus.CollectorRegistry()
        self._turns = prometheus.Counter("bot_turns", "Turns by outcome.", ["outcome"], registry=self._registry)
        self._errors = prometheus.Counter("bot_errors", "Updates that failed.", registry=self._registry)
        self._seconds = prometheus.Histogram(
            "bot_seconds",
            "Seconds from an update's arrival until its reply was sent.",
            registry=self._registry,
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60),
        )

    def turn(self, outcome: str) -> None:
        """One turn: `answer`, `unknown`, `emergency`, …, or `button`, `command`, `slowed`."""
        self._turns.labels(outcome).inc()

    def error(self) -> None:
        """One update that could not be answered as it should."""
        self._errors.inc()

    def took(self, seconds: float) -> None:
        """How long one update took."""
        self._seconds.observe(seconds)

    def exposition(self) -> bytes:
        """All counters in Prometheus' text format."""
        return prometheus.generate_latest(self._registry)

    def summary(self) -> str:
        """All counters in one line, for the log."""
        turns = {
            sample.labels["outcome"]: int(sample.value)
            for metric in self._turns.collect()
            for sample in metric.samples
            if sample.name.endswith("_total")
        }
        errors = next(s.value for m in self._errors.collect() for s in m.samples if s.name.endswith("_total"))
        parts = [f"{outcome} {count}" for outcome, count in sorted(turns.items())]
        return f"since the start: {', '.join(parts) or 'no turn'}; errors {int(errors)}"
