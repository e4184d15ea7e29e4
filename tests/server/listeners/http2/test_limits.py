"""HTTP/2 is bounded: in frames that ask for nothing, in streams, and in what is left when a client takes them back."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from h2.errors import ErrorCodes
from h2.settings import SettingCodes
from hypothesis import given
from hypothesis import strategies as st

from server.listeners.head_limits import MAX_FIELDS, MAX_PATH_BYTES
from server.listeners.http2.codec import (
    MAX_DECODED_FIELDS,
    MAX_STREAMS,
    MAX_TABLE_BYTES,
    BoundedConnection,
)
from server.listeners.http2.frames import ALLOWANCE, MAX_FRAME_BYTES, RESET_COST, FrameMeter
from server.listeners.http2.stream import Stream
from tests.server.listeners.http2.client import GET, POST, connected, frame, turns
from tests.server.listeners.http2.sent_frames import END, END_HEADERS, HEAD, PREFACE, begun, reset, settings


async def test_settings_that_mean_nothing_are_not_kept() -> None:
    async with connected() as client:
        known = set(client.protocol.h2.remote_settings)
        for number in range(100):
            await client.send(settings(*((256 + number * 20 + each, 1) for each in range(20))), turn=0)
        await client.send(settings((SettingCodes.INITIAL_WINDOW_SIZE, 1_000)))
        settled = client.protocol.h2.remote_settings
        assert set(settled) == known
        assert settled.initial_window_size == 1_000
        assert client.goaway is None


async def test_the_encoder_of_a_connection_is_bounded() -> None:
    async with connected() as client:
        await client.send(settings((SettingCodes.HEADER_TABLE_SIZE, 2**31)))
        client.ask(1)
        await client.send()
        assert client.status(1) == 200
        assert client.protocol.h2.encoder.header_table_size == MAX_TABLE_BYTES


def test_ends_of_streams_are_remembered_only_so_long() -> None:
    connection = BoundedConnection(lambda size: True)
    connection.initiate_connection()
    connection.receive_data(PREFACE + settings())
    for number in range(3 * connection.MAX_CLOSED_STREAMS):
        connection.receive_data(begun(2 * number + 1) + reset(2 * number + 1))
    assert len(connection._closed_streams) <= connection.MAX_CLOSED_STREAMS


# Streams


async def test_streams_take_turns() -> None:
    async with connected() as client:
        client.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 1_000_000})
        client.h2.increment_flow_control_window(1_000_000)
        client.gate = asyncio.Event()
        client.answer = b"x" * (2 * MAX_FRAME_BYTES + 1)
        for stream_id in (1, 3, 5):
            client.ask(stream_id)
        await client.send()
        client.protocol.pause_writing()
        assert client.paused
        client.gate.set()
        await turns()
        assert client.parts == []
        client.protocol.resume_writing()
        await turns()
        assert client.parts == [5, 1, 3] * 3  # The last of a turn is begun at once.
        assert client.bodies == dict.fromkeys((1, 3, 5), client.answer)
        assert client.left == 0


class Restored(list[int]):
    """By how much the window was restored."""

    def restore(self, number: int, size: int) -> None:
        self.append(size)


async def test_a_body_waits_in_one_piece_and_room_is_made_as_it_is_taken() -> None:
    restored = Restored()
    stream = Stream(cast("Any", restored), 1, "POST")
    for _ in range(1_000):
        stream.feed(b"ab")
    assert restored == []
    assert await stream.receive() == {"type": "http.request", "body": b"ab" * 1_000, "more_body": True}
    assert restored == [2_000]
    reading = asyncio.create_task(cast("Any", stream.receive()))
    await turns()
    assert not reading.done()
    stream.feed(b"c")
    stream.end()
    assert await reading == {"type": "http.request", "body": b"c", "more_body": False}
    reading = asyncio.create_task(cast("Any", stream.receive()))
    await turns()
    assert not reading.done()
    stream.leave()
    assert await reading == await stream.receive() == {"type": "http.disconnect"}


async def test_messages_out_of_order_are_refused() -> None:
    async with connected() as client:
        refused: list[str] = []

        async def serve(scope: Any, receive: Any, send: Any) -> None:
            body = {"type": "http.response.body", "body": b"x"}
            start = {"type": "http.response.start", "status": 200}
            for message in (body, start, start, body, body, start):
                try:
                    await send(message)
                except RuntimeError as error:
                    refused.append(str(error))

        client.service.application = serve
        client.ask(1)
        await client.send()
        assert [error.split()[0].rpartition(".")[2] for error in refused] == ["body", "start", "body", "start"]
        assert (client.status(1), client.bodies[1]) == (200, b"x")


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
async def test_answers_without_a_body_have_none_whatever_is_sent(method: str, status: int) -> None:
    async with connected() as client:

        async def serve(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": b"x"})

        client.service.application = serve
        client.ask(1, [(":method", method), *GET[1:]])
        await client.send()
        assert (client.status(1), client.bodies, client.ended) == (status, {}, [1])


async def test_an_application_that_answers_nothing_is_answered_500() -> None:
    async with connected() as client:

        async def serve(scope: Any, receive: Any, send: Any) -> None:
            raise ValueError

        client.service.application = serve
        client.ask(1)
        await client.send()
        assert client.status(1) == 500
        assert len(client.answers[1][b"x-vault-request-id"]) == 36
        assert client.left == client.protocol.running == 0


async def test_hosts_and_cookies_are_as_applications_expect_them() -> None:
    async with connected() as client:
        client.ask(1, [*GET, ("host", "x"), ("cookie", "a=1"), ("accept", "*/*"), ("cookie", "b=2")])
        await client.send()
        headers = client.scopes[0]["headers"]
        assert [tuple(each) for each in headers] == [(b"host", b"x"), (b"accept", b"*/*"), (b"cookie", b"a=1; b=2")]


async def test_a_client_that_does_not_read_is_not_read_from() -> None:
    async with connected() as client:
        client.protocol.pause_writing()
        assert client.paused
        client.protocol.resume_writing()
        assert not client.paused


async def test_requests_and_bodies() -> None:
    async with connected() as client:
        client.ask(1)
        client.ask(3, POST, end=False)
        for part in (b"one", b" ", b"two"):
            client.h2.send_data(3, part)
        client.h2.end_stream(3)
        await client.send()
        assert (client.status(1), client.status(3)) == (200, 200)
        assert b"".join(message["body"] for message in client.received) == b"one two"
        assert client.bodies == {1: b"hello", 3: b"hello"}
        assert sorted(client.ended) == [1, 3]
        assert client.left == 0


async def test_a_stream_that_is_reset_at_once_never_begins() -> None:
    async with connected() as client:
        for number in range(0, ALLOWANCE // RESET_COST - 1, 10):
            ids = range(2 * number + 1, 2 * number + 21, 2)
            await client.send(b"".join(begun(stream_id) + reset(stream_id) for stream_id in ids))
            assert client.left == 0
            assert client.protocol.running == 0
        assert client.scopes == []


@pytest.mark.parametrize("end", [True, False], ids=["whole", "with a body to come"])
async def test_streams_that_are_opened_and_reset_end_the_connection(end: bool) -> None:
    async with connected() as client:
        pairs = [begun(stream_id, end=end) + reset(stream_id) for stream_id in range(1, 40_000, 2)]
        for start in range(0, len(pairs), 400):
            await client.send(b"".join(pairs[start : start + 400]))
        assert client.closed
        assert client.goaway == ErrorCodes.ENHANCE_YOUR_CALM
        assert client.protocol.h2.highest_inbound_stream_id <= 2 * ALLOWANCE // RESET_COST
        assert client.scopes == []
        assert client.left == 0


async def test_what_comes_behind_the_end_of_a_connection_is_not_read() -> None:
    async with connected() as client:
        await client.send(frame(6, 0, 0, bytes(8)) * (ALLOWANCE + 1))
        assert client.closed
        highest = client.protocol.h2.highest_inbound_stream_id
        await client.send(begun(101))
        assert client.protocol.h2.highest_inbound_stream_id == highest


async def test_applications_of_streams_that_are_gone_count_as_long_as_they_run() -> None:
    async with connected() as client:
        client.gate = asyncio.Event()
        for number in range(MAX_STREAMS):
            client.ask(2 * number + 1)
        await client.send()
        assert len(client.scopes) == MAX_STREAMS
        for number in range(90):
            client.h2.reset_stream(2 * number + 1)
        await client.send()
        assert client.left == MAX_STREAMS - 90
        late = 2 * MAX_STREAMS + 1
        client.ask(late)
        await client.send()
        assert client.resets[late] == ErrorCodes.REFUSED_STREAM
        assert len(client.scopes) == MAX_STREAMS
        client.gate.set()
        await turns(20)
        client.ask(late + 2)
        await client.send()
        assert client.status(late + 2) == 200


async def test_others_have_their_turn_while_streams_are_begun() -> None:
    async with connected() as client:
        client._read = lambda data: None  # type: ignore[method-assign]  # h2 knows nothing of these streams.
        seen: list[int] = []

        async def others() -> None:
            while len(client.scopes) < 90:
                seen.append(len(client.scopes))
                await asyncio.sleep(0)

        watching = asyncio.create_task(others())
        await asyncio.sleep(0)
        await client.send(b"".join(begun(stream_id) for stream_id in range(1, 180, 2)))
        await watching
        assert len(set(seen)) >= 90 // 16


async def test_a_flood_of_frames_leaves_others_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames that cost a client nothing are handled in portions, however many have come."""
    async with connected() as client:
        monkeypatch.setattr(FrameMeter, "fault", lambda meter, data: None)
        client._read = lambda data: None  # type: ignore[method-assign]
        pings = frame(6, 0, 0, bytes(8)) * 10_000
        await client.send(pings, turn=1)
        others = 1
        while client.paused:
            assert client.protocol._unread
            await asyncio.sleep(0)
            others += 1
        assert others == -(-len(pings) // (16 * 1024))


async def test_an_answer_is_not_made_for_a_client_that_has_gone() -> None:
    async with connected() as client:
        client.answer = b"x" * 1_000_000
        client.ask(1)
        await client.send()
        assert client.left == 1
        client.h2.reset_stream(1)
        await client.send()
        assert client.left == 0
        assert client.protocol.running == 0


async def test_whoever_writes_waits_while_there_is_no_room() -> None:
    async with connected() as client:
        client.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 0})
        written = 0

        async def serve(scope: Any, receive: Any, send: Any) -> None:
            nonlocal written
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for _ in range(1_000):
                await send({"type": "http.response.body", "body": b"x" * 10_000, "more_body": True})
                written += 1

        client.service.application = serve
        client.ask(1)
        await client.send()
        await turns(50)
        assert written < 10


async def test_an_answer_that_is_given_up_is_reset() -> None:
    async with connected() as client:

        async def serve(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            raise RuntimeError

        client.service.application = serve
        client.ask(1)
        await client.send()
        assert client.resets[1] == ErrorCodes.INTERNAL_ERROR
        assert client.left == 0


async def test_a_body_that_is_not_read_hinders_neither_its_answer_nor_others() -> None:
    """Also where it comes in more pieces than anything has room for."""
    async with connected() as client:
        client.reads = False
        client.gate = asyncio.Event()
        client.ask(1, POST, end=False)
        for _ in range(600):
            client.h2.send_data(1, b"0123456789abcdef")
        await client.send()
        client.gate.set()
        client.ask(3)
        await client.send()
        assert (client.status(1), client.status(3)) == (200, 200)
        assert sorted(client.ended) == [1, 3]
        for _ in range(20):  # It may go on, and the window of the connection stays open for others.
            room = client.h2.local_flow_control_window(1)
            client.h2.send_data(1, b"x" * min(room, 16_000))
            await client.send()
        assert client.goaway is None
        assert client.left == 0


async def test_a_client_sends_no_more_of_a_body_than_the_window_lets_through() -> None:
    async with connected() as client:
        client.gate = asyncio.Event()
        client.ask(1, POST, end=False)
        sent = 0
        for _ in range(20):
            room = min(client.h2.local_flow_control_window(1), 16_000)
            if not room:
                break
            client.h2.send_data(1, b"x" * room)
            sent += room
            await client.send()
        assert sent == 65_535
        client.gate.set()
        await client.send()
        assert client.h2.local_flow_control_window(1) > 30_000


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({b":path": "/v1/é".encode()}, 400),
        ({b":path": b"/v1/\xff"}, 400),
        ({b":method": "GÉT".encode()}, 400),
        ({b":path": b"/" + b"x" * MAX_PATH_BYTES}, 200),  # Applications have their own limits, or wrappers have.
    ],
)
async def test_what_is_not_ascii_is_refused_and_the_connection_goes_on(
    changed: dict[bytes, bytes], status: int
) -> None:
    async with connected() as client:
        fields = [(name.encode(), value.encode()) for name, value in GET]
        client.ask(1, [(name, changed.get(name, value)) for name, value in fields])
        await client.send()
        assert client.status(1) == status
        client.ask(3)
        await client.send()
        assert client.status(3) == 200


@pytest.mark.parametrize("extended", [False, True])
async def test_there_is_nowhere_to_connect_to(extended: bool) -> None:
    async with connected() as client:
        fields = [(b":method", b"CONNECT"), (b":authority", b"x:1")]
        if extended:
            fields += [(b":protocol", b"websocket"), (b":path", b"/"), (b":scheme", b"https")]
        client.ask(1, fields, end=False)
        await client.send()
        assert client.status(1) == 405
        assert len(client.answers[1][b"x-vault-request-id"]) == 36
        assert client.scopes == []


@given(
    frames=st.lists(
        st.tuples(
            st.integers(0, 12), st.integers(0, 255), st.sampled_from([0, 1, 3, 5, 2**31 - 1]),
            st.sampled_from([b"", HEAD, bytes(4), bytes(5), bytes(8), b"\xff" * 40, bytes([0x82] * 20)]),
        ),
        max_size=12,
    )
)  # fmt: skip
def test_no_frames_end_in_an_exception(frames: list[tuple[int, int, int, bytes]]) -> None:
    async def play() -> None:
        async with connected() as client:
            client._read = lambda data: None  # type: ignore[method-assign]
            for each in frames:
                await client.send(frame(*each), turn=3)

    asyncio.run(play())


async def test_fields_beyond_what_a_request_may_have_reach_the_application_up_to_a_bound() -> None:
    async with connected() as client:
        client.gate = asyncio.Event()  # h2 knows nothing of this stream, and would not read an answer.
        client.ask(1)  # As the client's h2 would ask, for its answer.
        client.h2.data_to_send()
        await client.send(frame(1, END | END_HEADERS, 1, HEAD + b"\x00\x01a\x01b" * (MAX_FIELDS + 1)))
        assert len(client.scopes) == 1
        await client.send(frame(1, END, 3, HEAD + b"\x00\x01a\x01b" * MAX_DECODED_FIELDS)[:-1] + b"b")
        await client.send(frame(9, END_HEADERS, 3))
        assert client.goaway == ErrorCodes.ENHANCE_YOUR_CALM
        assert len(client.scopes) == 1
