"""Frames between a supervisor and its workers: however they are cut, the same messages arrive; junk ends the talk."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.processes.messages import (
    FROM_WORKER,
    TO_WORKER,
    Acquire,
    ChannelClosed,
    Follow,
    Frames,
    FromWorker,
    Granted,
    Ping,
    Pong,
    Refused,
    Release,
    SupervisorChannel,
    encode,
)
from server.seal.ceremonies import ProgressRecord
from server.seal.shared_state import StateRecord

_STATES = st.builds(
    StateRecord,
    root_key=st.none() | st.binary(min_size=32, max_size=32),
    seal_key=st.none() | st.binary(min_size=32, max_size=32),
    kept_sealed=st.booleans(),
    unsealing=st.none()
    | st.builds(
        ProgressRecord,
        threshold=st.integers(1, 255),
        nonce=st.uuids().map(str),
        shares=st.lists(st.binary(min_size=16, max_size=33), max_size=20).map(tuple),
    ),
)
_TICKETS = st.integers(0, 2**63)
_MESSAGES = st.one_of(
    st.builds(Acquire, _TICKETS), st.builds(Release, _TICKETS, st.none() | _STATES), st.builds(Refused, st.text())
)


@given(st.lists(_MESSAGES, max_size=8), st.integers(1, 50))
def test_messages_arrive_however_they_are_cut(messages: list[FromWorker], size: int) -> None:
    frames, sent = Frames(), b"".join(map(encode, messages))
    pieces = [sent[start : start + size] for start in range(0, len(sent), size)]
    arrived = [FROM_WORKER.decode(record) for piece in pieces for record in frames.feed(piece)]
    assert arrived == messages


@pytest.fixture
def pair() -> Iterator[tuple[SupervisorChannel, socket.socket]]:
    ours, theirs = socket.socketpair()
    channel = SupervisorChannel(ours)
    yield channel, theirs
    channel.close()
    theirs.close()


def test_both_directions(pair: tuple[SupervisorChannel, socket.socket]) -> None:
    channel, worker = pair
    assert channel.receive() == []
    worker.sendall(encode(Acquire(1)) + encode(Pong()))
    assert channel.receive() == [Acquire(1), Pong()]
    state = StateRecord(root_key=bytes(32))
    for message in (Granted(1, state), Follow(2, state), Ping()):
        channel.send(message)
        (record,) = Frames().feed(worker.recv(65536))
        assert TO_WORKER.decode(record) == message


def test_who_speaks_nonsense_is_cut_off(pair: tuple[SupervisorChannel, socket.socket]) -> None:
    channel, worker = pair
    for junk in (b"\xff\xff\xff\xff", encode(Ping())):
        worker.sendall(junk)
        with pytest.raises(ChannelClosed):
            channel.receive()
        channel._frames = Frames()
    worker.close()
    with pytest.raises(ChannelClosed):
        channel.receive()
    with pytest.raises(ChannelClosed):
        channel.send(Ping())


def test_who_does_not_listen_is_not_waited_for(pair: tuple[SupervisorChannel, socket.socket]) -> None:
    channel, _ = pair
    with pytest.raises(ChannelClosed):
        for _ in range(1_000_000):
            channel.send(Ping())
