"""hvac's transit calls with values that hvac refuses, such as post-quantum key types.

hvac checks the type of a new key and the kind of an export against lists of its own before it asks the server, and has
no words for some parameters. This class asks the server, and is otherwise hvac's. It needs hvac (the extra ``hvac``):

    transit = Transit(client.adapter)
    transit.create_key("letters", key_type="ml-dsa", parameter_set="65")
"""

from __future__ import annotations

from typing import Any

import hvac.api.secrets_engines
from hvac import utils
from hvac.api.secrets_engines.transit import DEFAULT_MOUNT_POINT


class Transit(hvac.api.secrets_engines.Transit):  # type: ignore[misc]
    """hvac's ``client.secrets.transit``; parameters have their names and meanings."""

    def create_key(
        self,
        name: str,
        convergent_encryption: bool | None = None,
        derived: bool | None = None,
        exportable: bool | None = None,
        allow_plaintext_backup: bool | None = None,
        key_type: str | None = None,
        mount_point: str = DEFAULT_MOUNT_POINT,
        auto_rotate_period: str | None = None,
        *,
        parameter_set: str | None = None,
        hybrid_key_type_pqc: str | None = None,
        hybrid_key_type_ec: str | None = None,
        key_size: int | None = None,
    ) -> Any:
        """Make a key of any type that the server has."""
        return self._write(
            f"keys/{name}",
            mount_point,
            convergent_encryption=convergent_encryption,
            derived=derived,
            exportable=exportable,
            allow_plaintext_backup=allow_plaintext_backup,
            type=key_type,
            auto_rotate_period=auto_rotate_period,
            parameter_set=parameter_set,
            hybrid_key_type_pqc=hybrid_key_type_pqc,
            hybrid_key_type_ec=hybrid_key_type_ec,
            key_size=key_size,
        )

    def export_key(
        self, name: str, key_type: str, version: int | str | None = None, mount_point: str = DEFAULT_MOUNT_POINT
    ) -> Any:
        """Give a key's versions as text: also the kinds ``public-key`` and ``certificate-chain``."""
        path = f"export/{key_type}/{name}" if version is None else f"export/{key_type}/{name}/{version}"
        return self._adapter.get(url=self._url(path, mount_point))

    def sign_data(
        self,
        name: str,
        hash_input: str | None = None,
        key_version: int | None = None,
        hash_algorithm: str | None = None,
        context: str | None = None,
        prehashed: bool | None = None,
        signature_algorithm: str | None = None,
        marshaling_algorithm: str | None = None,
        salt_length: str | None = None,
        mount_point: str = DEFAULT_MOUNT_POINT,
        batch_input: list[dict[str, str]] | None = None,
        *,
        signature_context: str | None = None,
        external_mu: bool | None = None,
        hash_message: bool | None = None,
    ) -> Any:
        """Sign, with a context that the signature is bound to if one is given."""
        return self._write(
            f"sign/{name}",
            mount_point,
            input=hash_input,
            key_version=key_version,
            hash_algorithm=hash_algorithm,
            context=context,
            prehashed=prehashed,
            signature_algorithm=signature_algorithm,
            marshaling_algorithm=marshaling_algorithm,
            salt_length=salt_length,
            batch_input=batch_input,
            signature_context=signature_context,
            external_mu=external_mu,
            hash_message=hash_message,
        )

    def verify_signed_data(
        self,
        name: str,
        hash_input: str,
        signature: str | None = None,
        hmac: str | None = None,
        hash_algorithm: str | None = None,
        context: str | None = None,
        prehashed: bool | None = None,
        signature_algorithm: str | None = None,
        salt_length: str | None = None,
        marshaling_algorithm: str | None = None,
        mount_point: str = DEFAULT_MOUNT_POINT,
        *,
        signature_context: str | None = None,
        external_mu: bool | None = None,
        hash_message: bool | None = None,
    ) -> Any:
        """Check a signature or an HMAC."""
        return self._write(
            f"verify/{name}",
            mount_point,
            input=hash_input,
            signature=signature,
            hmac=hmac,
            hash_algorithm=hash_algorithm,
            context=context,
            prehashed=prehashed,
            signature_algorithm=signature_algorithm,
            salt_length=salt_length,
            marshaling_algorithm=marshaling_algorithm,
            signature_context=signature_context,
            external_mu=external_mu,
            hash_message=hash_message,
        )

    def _url(self, path: str, mount_point: str) -> str:
        return f"/v1/{mount_point}/{path}"

    def _write(self, path: str, mount_point: str, **parameters: Any) -> Any:
        return self._adapter.post(url=self._url(path, mount_point), json=utils.remove_nones(parameters))
