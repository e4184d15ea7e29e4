"""Repeats of one request and the time that a call may take, on a clock of their own."""

from __future__ import annotations

import pytest

from cryptoserve import RateLimited, Unavailable
from cryptoserve.http import exchange
from cryptoserve.http.exchange import Answer, Exchange
from cryptoserve.http.steps import Lost, Pause, Received, Send

TIMEOUT_SECONDS = 10.0
OK = Received(200, {}, b"{}")
SEALED = Received(503, {}, b"")


class Network:
    """Carries out the steps of a request: pauses pass at once, and an answer takes as long as it says.

    ``answers`` come in order, and the last one again for all that follow. One that takes longer than the call may is
    lost at its deadline, as by a socket.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: tuple[float, Received]) -> None:
        self.now = 1000.0
        self.sent = 0
        self.pauses: list[float] = []
        self._answers = list(answers)
        monkeypatch.setattr(exchange, "time", self)

    def monotonic(self) -> float:
        return self.now

    def ask(self) -> Answer:
        asked = Exchange("http://x", "", TIMEOUT_SECONDS, None)
        steps = asked.request("POST", "transit/encrypt/c", {}, token="t", deadline=asked.deadline())
        try:
            step = next(steps)
            while True:
                if isinstance(step, Pause):
                    self.pauses.append(step.seconds)
                    self.now += step.seconds
                    step = steps.send(None)
                    continue
                assert isinstance(step, Send)
                self.sent += 1
                seconds, answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
                if self.now + seconds < step.deadline:
                    self.now += seconds
                    step = steps.send(answer)
                else:
                    self.now = step.deadline
                    step = steps.throw(Lost("no answer in time"))
        except StopIteration as end:
            assert isinstance(end.value, Answer)
            return end.value


def test_repeats_end_with_the_time_of_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(monkeypatch, (0.1, SEALED))
    with pytest.raises(Unavailable, match="sealed"):
        network.ask()
    assert TIMEOUT_SECONDS - 1.0 <= network.now - 1000.0 <= TIMEOUT_SECONDS
    # Pauses double from 25 to 50 ms up to 0.5 to 1 s.
    assert 10 <= network.sent <= 20
    assert 0.025 <= network.pauses[0] <= 0.05 and 0.5 <= network.pauses[-1] <= 1.0


def test_a_repeat_that_is_cut_off_tells_what_the_server_answered_before(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(monkeypatch, (0.0, SEALED), (60.0, OK))
    with pytest.raises(Unavailable, match="sealed"):
        network.ask()
    assert (network.sent, network.now) == (2, 1000.0 + TIMEOUT_SECONDS)


def test_what_is_never_answered_is_lost_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(monkeypatch, (60.0, OK))
    with pytest.raises(Unavailable, match="no answer in time"):
        network.ask()
    assert (network.sent, network.now) == (1, 1000.0 + TIMEOUT_SECONDS)


@pytest.mark.parametrize("seconds", [0, 1, 8])
def test_retry_after_is_kept_to(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    network = Network(monkeypatch, (0.0, Received(429, {"retry-after": str(seconds)}, b"")), (0.0, OK))
    assert network.ask().succeeded
    assert network.sent == 2
    assert seconds < network.pauses[0] <= seconds + 0.05


def test_retry_after_beyond_the_time_fails_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(monkeypatch, (0.5, Received(429, {"retry-after": "31"}, b"")))
    with pytest.raises(RateLimited) as caught:
        network.ask()
    assert caught.value.retry_after_seconds == 31
    assert (network.sent, network.pauses, network.now) == (1, [], 1000.5)
