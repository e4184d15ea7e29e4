"""Calls that encrypt here: messages of ``Local`` mode and files, under data keys that the server makes and opens."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import BinaryIO

from cryptoserve.calls.names import checked_name
from cryptoserve.calls.remote import Bytes, Calls, checked_bytes, decoded_base64
from cryptoserve.errors import BatchFailed, CryptoServeError, DecryptionFailed, InvalidResponse
from cryptoserve.http.steps import Steps, Work
from cryptoserve.local import bounds
from cryptoserve.local.bounds import KeptKey, KeptKeys, Local
from cryptoserve.local.files import (
    MAGIC,
    FilePath,
    copy_rest,
    open_file,
    open_stream,
    read_file_header,
    read_stream_header,
    seal_file,
    seal_stream,
)
from cryptoserve.local.format import DATA_KEY_BYTES, PREFIX, TAG_BYTES, Malformed, read_message
from cryptoserve.local.secure import SecureBytes


class LocalCalls:
    """The operations of a client, some of which it carries out itself; all others are ``Calls``'."""

    def __init__(self, calls: Calls, local: Local | None) -> None:
        self._calls = calls
        self._kept = None if local is None else KeptKeys(local)
        self._bound: dict[str, bytes] = {}

    def encrypt(self, plaintext: Bytes, context: str) -> Steps[str]:
        """The ciphertext, made here if the client has ``Local``."""
        if self._kept is None:
            return (yield from self._calls.encrypt(plaintext, context))
        size = checked_bytes(plaintext, "plaintext")
        bound = self._associated_data(context)
        kept = self._kept.take(context, "", size) or (yield from self._new_key(self._kept, context, size))
        return kept.sealer.seal(kept.key.reveal(), plaintext, bound)

    def encrypt_many(self, plaintexts: Sequence[Bytes], context: str) -> Steps[list[str]]:
        """The ciphertexts, in order."""
        if self._kept is None:
            return (yield from self._calls.encrypt_many(plaintexts, context))
        for each in plaintexts:
            checked_bytes(each, "plaintext")
        checked_name(context, "context")
        results = []
        for each in plaintexts:
            results.append((yield from self.encrypt(each, context)))
        return results

    def decrypt(self, ciphertext: str, context: str) -> Steps[bytes]:
        """The plaintext of either form."""
        if not _is_local(ciphertext):
            return (yield from self._calls.decrypt(ciphertext, context))
        bound = self._associated_data(context)
        try:
            message = read_message(ciphertext)
            key = yield from self._opened_key(context, message.header.wrapped, len(message.sealed) - TAG_BYTES)
            return message.opened(key.reveal(), bound)
        except Malformed:
            raise _unopened(context) from None

    def decrypt_many(self, ciphertexts: Sequence[str], context: str) -> Steps[list[bytes]]:
        """The plaintexts, in order, of either form."""
        ours = [index for index, each in enumerate(ciphertexts) if _is_local(each)]
        if not ours:
            return (yield from self._calls.decrypt_many(ciphertexts, context))
        theirs = [index for index, each in enumerate(ciphertexts) if not _is_local(each)]
        results: list[bytes | None] = [None] * len(ciphertexts)
        errors: dict[int, CryptoServeError] = {}
        try:
            opened: Sequence[bytes | str | None] = yield from self._calls.decrypt_many(
                [ciphertexts[index] for index in theirs], context
            )
        except BatchFailed as failed:
            opened = failed.results
            errors.update((theirs[place], error) for place, error in failed.errors.items())
        for index, plaintext in zip(theirs, opened, strict=True):
            results[index] = plaintext if isinstance(plaintext, bytes) else None
        for index in ours:
            try:
                results[index] = yield from self.decrypt(ciphertexts[index], context)
            except DecryptionFailed as error:
                errors[index] = error
        if errors:
            message = f"decrypt under {context}: {len(errors)} of {len(ciphertexts)} items failed"
            raise BatchFailed(message, results=results, errors=dict(sorted(errors.items())))
        return [each for each in results if each is not None]

    def rewrap(self, ciphertext: str, context: str) -> Steps[str]:
        """The same message under the key's latest version; of one that was made here, the data key is wrapped anew."""
        if not _is_local(ciphertext):
            return (yield from self._calls.rewrap(ciphertext, context))
        checked_name(context, "context")
        try:
            message = read_message(ciphertext)
        except Malformed:
            raise _unopened(context) from None
        return message.rewrapped((yield from self._calls.rewrap(message.header.wrapped, context)))

    def rotate(self, context: str) -> Steps[None]:
        """Give the context's key a new version, and use it from the next message on."""
        yield from self._calls.rotate(context)
        if self._kept is not None:
            self._kept.forget(context)

    def encrypt_file(self, source: FilePath, target: FilePath, context: str) -> Steps[None]:
        """Encrypt a file under a data key of its own."""
        bound = self._associated_data(context)
        plain, wrapped = yield from self._data_key(context)
        with plain:
            yield Work(lambda: seal_file(source, target, plain, wrapped, bound))

    def decrypt_file(self, source: FilePath, target: FilePath, context: str) -> Steps[None]:
        """Decrypt a file; the target is there when all of it was right."""
        bound = self._associated_data(context)
        try:
            header = read_file_header(source)
            with (yield from self._unwrapped(header.wrapped, context)) as key:
                yield Work(lambda: open_file(source, target, key, bound))
        except Malformed:
            raise _unopened(f"{context}, {os.fspath(source)!r}") from None

    def encrypt_stream(self, plain: BinaryIO, sealed: BinaryIO, context: str) -> Steps[None]:
        """As ``encrypt_file``, from an open file into another."""
        bound = self._associated_data(context)
        key, wrapped = yield from self._data_key(context)
        with key:
            yield Work(lambda: seal_stream(plain, sealed, key, wrapped, bound))

    def decrypt_stream(self, sealed: BinaryIO, plain: BinaryIO, context: str) -> Steps[None]:
        """As ``decrypt_file``, from an open file into another, which may hold a part of it after an error."""
        bound = self._associated_data(context)
        try:
            header = read_stream_header(sealed)
            with (yield from self._unwrapped(header.wrapped, context)) as key:
                yield Work(lambda: open_stream(header, sealed, plain, key, bound))
        except Malformed:
            raise _unopened(context) from None

    def rewrap_stream(self, sealed: BinaryIO, rewrapped: BinaryIO, context: str) -> Steps[None]:
        """Copy an encrypted file with its data key wrapped by the key's latest version."""
        checked_name(context, "context")
        try:
            header = read_stream_header(sealed)
        except Malformed:
            raise _unopened(context) from None
        wrapped = yield from self._calls.rewrap(header.wrapped, context)
        rewrapped.write(MAGIC + header.encoded(wrapped))
        yield Work(lambda: copy_rest(sealed, rewrapped))

    def hmac(self, data: Bytes, context: str) -> Steps[str]:
        """The code."""
        return self._calls.hmac(data, context)

    def hmac_many(self, data: Sequence[Bytes], context: str) -> Steps[list[str]]:
        """The codes, in order."""
        return self._calls.hmac_many(data, context)

    def verify_hmac(self, data: Bytes, hmac: str, context: str) -> Steps[bool]:
        """Whether the code is one of the data."""
        return self._calls.verify_hmac(data, hmac, context)

    def sign(self, data: Bytes, key: str) -> Steps[str]:
        """The signature."""
        return self._calls.sign(data, key)

    def verify(self, data: Bytes, signature: str, key: str) -> Steps[bool]:
        """Whether the signature is one of the data."""
        return self._calls.verify(data, signature, key)

    def close(self) -> None:
        """Let all data keys go."""
        if self._kept is not None:
            self._kept.close()

    def _associated_data(self, context: str) -> bytes:
        bound = self._bound.get(context)
        if bound is None:
            bound = self._calls.bound(context)
            if len(self._bound) < 1000:
                self._bound[context] = bound
        return bound

    def _new_key(self, keys: KeptKeys, context: str, size: int) -> Steps[KeptKey]:
        """A data key for messages from now on, of which the first has ``size`` bytes."""
        if size > keys.bounds.max_bytes:
            raise ValueError(f"plaintext: {size} bytes are more than max_bytes allows for a data key")
        ends = bounds.clock() + keys.bounds.max_age
        plain, wrapped = yield from self._data_key(context)
        kept = KeptKey(plain, wrapped, ends)
        keys.keep(context, "", kept, size)
        return kept

    def _opened_key(self, context: str, wrapped: str, size: int) -> Steps[SecureBytes]:
        if self._kept is None:
            return (yield from self._unwrapped(wrapped, context))
        kept = self._kept.take(context, wrapped, size)
        if kept is None:
            ends = bounds.clock() + self._kept.bounds.max_age
            kept = KeptKey((yield from self._unwrapped(wrapped, context)), wrapped, ends)
            if size <= self._kept.bounds.max_bytes:
                self._kept.keep(context, wrapped, kept, size)
        return kept.key

    def _data_key(self, context: str) -> Steps[tuple[SecureBytes, str]]:
        """A new data key, in clear and wrapped."""
        answer = yield from self._calls.data_key(context)
        text, wrapped = answer.data.get("plaintext"), answer.data.get("ciphertext")
        if not isinstance(wrapped, str) or not wrapped.startswith("vault:v") or not wrapped.isascii():
            raise InvalidResponse("the answer holds no wrapped data key", request_id=answer.request_id)
        return _checked_key(decoded_base64(text, answer.request_id)), wrapped

    def _unwrapped(self, wrapped: str, context: str) -> Steps[SecureBytes]:
        return _checked_key((yield from self._calls.decrypt(wrapped, context)))


def _checked_key(key: bytes) -> SecureBytes:
    if len(key) != DATA_KEY_BYTES:
        raise InvalidResponse(f"the data key has not {DATA_KEY_BYTES} bytes")
    return SecureBytes(key)


def _is_local(ciphertext: object) -> bool:
    return isinstance(ciphertext, str) and ciphertext.startswith(PREFIX)


def _unopened(where: str) -> DecryptionFailed:
    return DecryptionFailed(f"decrypt under {where}: the text doesn't open here")
