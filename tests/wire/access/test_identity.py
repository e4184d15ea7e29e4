"""hvac's and bao's own calls for identity, against a real server process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hvac.exceptions import Forbidden, InvalidPath

from tests.support.servers import Server
from tests.wire.clients.test_bao_command import Bao

OWN_KEYS = 'path "%s/keys/{{identity.entity.name}}-*" {capabilities = ["create", "read", "update"]}'


def test_entities_groups_and_templates(client: Any, stranger: Any, transit: str) -> None:
    identity = client.secrets.identity
    client.sys.enable_auth_method("userpass", path="who")
    accessor = client.sys.list_auth_methods()["data"]["who/"]["accessor"]
    client.auth.userpass.create_or_update_user("bob", password="correct horse", mount_point="who")
    client.sys.create_or_update_policy("own-keys", OWN_KEYS % transit)
    entity = identity.create_or_update_entity("bobby", metadata={"team": "red"})["data"]["id"]
    identity.create_or_update_entity_alias("bob", entity, accessor)
    stranger.auth.userpass.login("bob", "correct horse", mount_point="who")
    assert stranger.auth.token.lookup_self()["data"]["entity_id"] == entity
    with pytest.raises(Forbidden):
        stranger.secrets.transit.create_key("bobby-1", mount_point=transit)
    group = identity.create_or_update_group("reds", policies=["own-keys"], member_entity_ids=[entity])["data"]["id"]
    stranger.secrets.transit.create_key("bobby-1", mount_point=transit)
    with pytest.raises(Forbidden):
        stranger.secrets.transit.create_key("alice-1", mount_point=transit)
    assert stranger.auth.token.lookup_self()["data"]["identity_policies"] == ["own-keys"]
    assert identity.lookup_entity(alias_name="bob", alias_mount_accessor=accessor)["data"]["group_ids"] == [group]
    assert stranger.secrets.identity.read_entity_by_name("bobby")["data"]["metadata"] == {"team": "red"}
    other = identity.create_or_update_entity("robert")["data"]["id"]
    identity.merge_entities(from_entity_ids=[entity], to_entity_id=other)
    with pytest.raises(InvalidPath):
        identity.read_entity(entity)
    assert identity.read_group(group)["data"]["member_entity_ids"] == [other]
    stranger.secrets.transit.create_key("robert-1", mount_point=transit)
    identity.update_entity(other, disabled=True)
    assert not stranger.is_authenticated()
    identity.delete_entity(other)
    with pytest.raises(InvalidPath):
        identity.read_entity(other)
    client.sys.disable_auth_method("who")


def test_bao(development: Server, tmp_path: Path) -> None:
    bao, root = Bao(development, tmp_path), development.root_token
    bao("write", "identity/entity", "name=carol", "policies=a,b", "metadata=team=blue", token=root)
    shown = bao("read", "-field=policies", "identity/entity/name/carol", token=root)
    assert "a b" in shown
    assert "carol" in bao("list", "identity/entity/name", token=root)
    bao("delete", "identity/entity/name/carol", token=root)
