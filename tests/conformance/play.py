"""Plays scenarios on both servers and says where their answers differ."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.conformance.normaliser import Leaf, normalise
from tests.conformance.pair import Pair, Side
from tests.conformance.steps import Json, Scenario, Step
from tests.conformance.wire import Answer
from tests.support.waiting import attempts

UNTIL_SECONDS = 10
POLL_SECONDS = 0.05
SHOWN_CHARACTERS = 2_000
ABSENT: Leaf = ("absent", "")

_NAME = re.compile(r"\{([a-z_][a-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Played:
    """What became of one step."""

    step: Step
    request: str
    openbao: Answer
    subject: Answer
    differing: Mapping[str, tuple[Leaf, Leaf]]
    """Place -> OpenBao's leaf, the subject's."""

    def __str__(self) -> str:
        lines = [f"* {self.step.name}", f"    {self.request}"]
        for place, (openbao, subject) in self.differing.items():
            lines += [f"    {place}", f"        openbao: {_shown(openbao)}", f"        subject: {_shown(subject)}"]
        for name, answer in (("openbao", self.openbao), ("subject", self.subject)):
            body = answer.body.decode("utf-8", "backslashreplace").strip()
            lines.append(f"    {name} answered {answer.status} {body[:SHOWN_CHARACTERS]}")
        return "\n".join(lines)


class _Session:
    """A scenario on one server: what has been saved there."""

    def __init__(self, scenario: Scenario, server: Side) -> None:
        self._server = server
        self._names = {"m": scenario.name, "root": server.root_token}
        # What a server didn't give must not stop the scenario: the step that needs it shows a difference of its own.
        self._owed = {name for step in scenario.steps for name in step.saves}
        self.saved: dict[str, str] = {}

    def ask(self, step: Step) -> tuple[str, Answer]:
        if step.prepares is not None:
            self._prepare(step.prepares)
        method, path = step.method, self._fill(step.path)
        headers = {name: self._fill(value) for name, value in step.headers.items()}
        if step.token:
            headers["X-Vault-Token"] = self._fill(step.token)
        if isinstance(step.body, bytes):
            body: bytes | None = step.body
        elif step.body is not None:
            body = json.dumps(self._filled(dict(step.body))).encode()
            headers.setdefault("Content-Type", "application/json")
        else:
            body = None
        answer = self._server.wire.send(method, path, headers, body)
        for _ in attempts(UNTIL_SECONDS if step.until else 0, POLL_SECONDS):
            if answer.status == step.status:
                break
            answer = self._server.wire.send(method, path, headers, body)
        self._save(step, answer)
        shown = " ".join(f"{name}: {value}" for name, value in headers.items() if name != "Content-Type")
        sent = body.decode("utf-8", "backslashreplace")[:SHOWN_CHARACTERS] if body else ""
        return f"{method} {path} [{shown}] {sent}", answer

    def _prepare(self, prepare: Callable[[Mapping[str, str]], Mapping[str, str]]) -> None:
        try:
            self._names.update(prepare(self.saved))
        except (KeyError, ValueError):
            # The server gave nothing to make them from; the steps that send them show it.
            return

    def _save(self, step: Step, answer: Answer) -> None:
        if not step.saves:
            return
        try:
            document: Json = json.loads(answer.body)
        except ValueError:
            document = None
        for name, place in step.saves.items():
            value = document
            for part in place.split("."):
                if isinstance(value, dict):
                    value = value.get(part)
                elif isinstance(value, list):
                    value = value[int(part)] if int(part) < len(value) else None
            if isinstance(value, str):
                self.saved[name] = self._names[name] = value

    def _fill(self, text: str) -> str:
        def replacement(match: re.Match[str]) -> str:
            name = match[1]
            return self._names.get(name, "not-given" if name in self._owed else match[0])

        return _NAME.sub(replacement, text)

    def _filled(self, value: Json) -> Json:
        if isinstance(value, str):
            return self._fill(value)
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        if isinstance(value, dict):
            return {self._fill(name): self._filled(item) for name, item in value.items()}
        return value


def play(scenario: Scenario, pair: Pair) -> list[Played]:
    """Send every step to both servers, in order."""
    openbao = _Session(scenario, pair.openbao)
    subject = _Session(scenario, pair.subject)
    played: list[Played] = []
    for step in (*_mounting(scenario), *scenario.steps, *_unmounting(scenario)):
        request, expected = openbao.ask(step)
        _, actual = subject.ask(step)
        differing = compare(normalise(expected, step, openbao.saved), normalise(actual, step, subject.saved))
        played.append(Played(step, request, expected, actual, differing))
    return played


def compare(openbao: Mapping[str, Leaf], subject: Mapping[str, Leaf]) -> dict[str, tuple[Leaf, Leaf]]:
    """The places whose leaves differ or that only one of the two has."""
    places = sorted({*openbao, *subject})
    pairs = {place: (openbao.get(place, ABSENT), subject.get(place, ABSENT)) for place in places}
    return {place: pair for place, pair in pairs.items() if pair[0] != pair[1]}


def _mounting(scenario: Scenario) -> tuple[Step, ...]:
    if scenario.engine is None:
        return ()
    return (Step("(mount)", "POST sys/mounts/{m}", 204, {"type": scenario.engine}),)


def _unmounting(scenario: Scenario) -> tuple[Step, ...]:
    return () if scenario.engine is None else (Step("(unmount)", "DELETE sys/mounts/{m}", 204),)


def _shown(leaf: Leaf) -> str:
    kind, text = leaf
    return kind if kind in ("absent", "empty") else f"{kind} {text[:SHOWN_CHARACTERS]!r}"
