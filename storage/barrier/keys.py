"""State of an unsealed barrier, forgotten on sealing: the keyring, and ciphers and counts derived from it."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.barrier.encryption_count import EncryptionCount
from storage.barrier.keyring import Keyring
from storage.base import Storage
from storage.envelope import derive_cipher
from storage.secret import Secret

ROOT_NAMESPACE = "root"


class BarrierKeys:
    """The keys of one unsealing; ``salts`` are those of the namespaces that are served."""

    def __init__(self, store: Storage, root_key: Secret, keyring: Keyring) -> None:
        self._store = store
        self._ciphers: dict[tuple[int, str], AESGCM] = {}
        self._counts: dict[int, EncryptionCount] = {}
        self.root_key = root_key
        self.salts: dict[str, bytes] = {}
        self.take(keyring)

    def take(self, keyring: Keyring) -> None:
        """Use ``keyring`` from now on."""
        self.keyring = keyring
        self.newest = newest = keyring.newest
        self.count = self._counts.setdefault(newest.number, EncryptionCount(self._store, newest))
        """The count of the newest term."""

        self.salts[ROOT_NAMESPACE] = keyring.root_salt
        self._ciphers.clear()

    def cipher(self, term: int, namespace: str) -> AESGCM:
        """The cipher of a term and a namespace that are both known."""
        cipher = self._ciphers.get((term, namespace))
        if cipher is None:
            term_key = self.keyring.terms[term].key.reveal()
            cipher = derive_cipher(term_key, self.salts[namespace], f"namespace {namespace}")
            self._ciphers[term, namespace] = cipher
        return cipher

    async def cover(self) -> None:
        """Reserve all encryptions that have been used, under whichever term."""
        for count in list(self._counts.values()):
            await count.cover()

    def forget(self, namespace: str) -> None:
        """Forget the salt and the ciphers of ``namespace``."""
        self.salts.pop(namespace, None)
        for name in [name for name in self._ciphers if name[1] == namespace]:
            del self._ciphers[name]

    def close(self) -> None:
        """Zero the keys where possible, and forget them."""
        self.root_key.close()
        for term in self.keyring.terms.values():
            term.key.close()
        self.salts.clear()
        self._ciphers.clear()
        self._counts.clear()
