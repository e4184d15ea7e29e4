"""Identity: entities, their aliases, groups, what logins make of them, and what policies make of that."""

from __future__ import annotations

from tests.conformance.access.identity.steps import MOUNTS, NAME, UNMOUNT
from tests.conformance.steps import NO_TOKEN, Json, Scenario, Servers, Step

_ENTITIES: tuple[tuple[str, dict[str, Json], int], ...] = (
    ("with metadata as pairs", {"metadata": "x=y"}, 204),
    ("with metadata that is none", {"metadata": "nonsense"}, 400),
    ("without metadata", {"metadata": {}}, 204),
    ("with a key of metadata that is none", {"metadata": {"a b": "x"}}, 500),
    ("with an empty key of metadata", {"metadata": {"": "x"}}, 500),
    ("with a long key of metadata", {"metadata": {"k" * 129: "x"}}, 500),
    ("with a long value of metadata", {"metadata": {"k": "x" * 513}}, 500),
    ("with too much metadata", {"metadata": {f"k{number}": "x" for number in range(65)}}, 500),
    ("with all that keys may hold", {"metadata": {"a=+_-/Z9": "é *"}}, 204),
    ("with policies as text", {"policies": "b,A,b"}, 204),
    ("with the root policy", {"policies": ["a", "root"]}, 400),
    ("disabled", {"disabled": True}, 204),
    ("disabled or not", {"disabled": "abc"}, 400),
    ("with unknown parameters", {"nonsense": 1}, 204),
)

_entities = Scenario(
    "identity-entities",
    steps=(
        Step(
            "create",
            "POST identity/entity",
            200,
            {"name": "en-Ann", "metadata": {"a": "1", "b": "2"}, "policies": ["P1", "default", " x "]},
            saves={"ann": "data.id"},
        ),
        Step("read", "GET identity/entity/id/{ann}", 200),
        Step("read by name", "GET identity/entity/name/en-Ann", 200),
        Step("read by name in other letters", "GET identity/entity/name/EN-ANN", 200),
        Step("write again", "POST identity/entity", 204, {"name": "en-ANN", "metadata": {"c": "3"}}),
        Step("read what was written again", "GET identity/entity/id/{ann}", 200),
        *(
            step
            for name, body, status in _ENTITIES
            for step in (
                Step(f"write {name}", "POST identity/entity/id/{ann}", status, body),
                Step(f"read {name}", "GET identity/entity/id/{ann}", 200),
            )
        ),
        Step("create without anything", "POST identity/entity", 200, {}, saves={"un": "data.id"}, random=NAME),
        Step("read without anything", "GET identity/entity/id/{un}", 200, random=NAME),
        Step("create with unknown parameters", "POST identity/entity", 200, {"name": "en-x", "nonsense": 1}),
        Step("rename", "POST identity/entity", 204, {"id": "{un}", "name": "en-renamed"}),
        Step("rename by the path", "POST identity/entity/name/en-again", 204, {"id": "{un}"}),
        Step("read renamed", "GET identity/entity/id/{un}", 200),
        Step("rename to what is taken", "POST identity/entity/id/{un}", 400, {"name": "en-ann"}),
        Step("write none", "POST identity/entity", 400, {"id": "nope", "name": "q"}),
        Step("write none by the path", "POST identity/entity/id/nope", 400, {"name": "q"}),
        Step("create by name", "POST identity/entity/name/en-bob", 200, {"disabled": True}, saves={"bob": "data.id"}),
        Step("write by name", "POST identity/entity/name/en-bob", 204, {"disabled": False, "name": "zzz"}),
        Step("read created by name", "GET identity/entity/name/en-bob", 200),
        Step("create with a slash", "POST identity/entity", 200, {"name": "en/a/b"}),
        Step("read with a slash", "GET identity/entity/name/en/a/b", 200),
        Step("create with wildcards", "POST identity/entity/name/en%2A+%20b", 200, {}),
        Step("read with wildcards", "GET identity/entity/name/en*+%20b", 200),
        Step("read none", "GET identity/entity/id/nope", 404),
        Step("read none by name", "GET identity/entity/name/nope", 404),
        Step("delete none", "DELETE identity/entity/id/nope", 204),
        Step("delete none by name", "DELETE identity/entity/name/nope", 204),
        Step("delete by name", "DELETE identity/entity/name/en-bob", 204),
        Step("read deleted", "GET identity/entity/id/{bob}", 404),
        Step("delete several", "POST identity/entity/batch-delete", 204, {"entity_ids": ["{un}", "nope"]}),
        Step("delete several of none", "POST identity/entity/batch-delete", 400, {}),
        Step("read deleted with others", "GET identity/entity/id/{un}", 404),
        Step("delete", "DELETE identity/entity/id/{ann}", 204),
        Step("read deleted by name", "GET identity/entity/name/en-ann", 404),
        Step("list what can't be listed", "LIST identity/entity", 404),
        Step("read what can't be read", "GET identity/entity", 405),
        Step("read a list", "GET identity/entity/id", 405),
        Step("write to a list", "POST identity/entity/name", 405, {"name": "x"}),
        Step("read a merge", "GET identity/entity/merge", 405),
        Step("no such path", "GET identity/nothing", 404),
        Step("no such path of entities", "POST identity/entity/nothing", 404, {}),
        Step("without a token", "GET identity/entity/id/{ann}", 403, token=NO_TOKEN),
        Step("unmount", "DELETE sys/mounts/identity", 400),
    ),
)

_lists = Scenario(
    "identity-lists",
    servers=Servers.FRESH,
    steps=(
        Step("no entities", "LIST identity/entity/id", 404),
        Step("no names", "LIST identity/entity/name", 404),
        Step("no aliases", "LIST identity/entity-alias/id", 404),
        Step("no groups", "LIST identity/group/id", 404),
        Step("no names of groups", "LIST identity/group/name", 404),
        Step("no aliases of groups", "LIST identity/group-alias/id", 404),
        Step("count none", "GET sys/internal/counters/entities", 200),
        Step("enable", "POST sys/auth/up", 204, {"type": "userpass"}),
        Step("mount", "GET sys/auth/up", 200, saves={"up": "data.accessor"}),
        Step("create", "POST identity/entity", 200, {"name": "Ann"}, saves={"ann": "data.id"}),
        Step("entities without aliases", "LIST identity/entity/id", 200),
        Step(
            "alias",
            "POST identity/entity-alias",
            200,
            {"name": "a", "canonical_id": "{ann}", "mount_accessor": "{up}", "custom_metadata": {"k": "v"}},
            saves={"alias": "data.id"},
        ),
        Step("entities", "LIST identity/entity/id", 200),
        Step("names", "LIST identity/entity/name", 200),
        Step("in part: entities", "LIST identity/entity/id?limit=1", 200),
        Step("aliases", "LIST identity/entity-alias/id", 200),
        Step(
            "group",
            "POST identity/group",
            200,
            {"name": "G", "type": "external", "policies": "x"},
            saves={"group": "data.id"},
        ),
        Step("groups without aliases", "LIST identity/group/id", 200),
        Step(
            "alias of the group",
            "POST identity/group-alias",
            200,
            {"name": "ga", "canonical_id": "{group}", "mount_accessor": "{up}"},
            saves={"galias": "data.id"},
        ),
        Step("groups", "LIST identity/group/id", 200),
        Step("names of groups", "LIST identity/group/name", 200),
        Step("aliases of groups", "LIST identity/group-alias/id", 200),
        Step("count", "GET sys/internal/counters/entities", 200),
        Step("mount of identity", "GET sys/mounts/identity", 200),
        Step("settings of identity", "GET sys/mounts/identity/tune", 200),
    ),
)

_aliases = Scenario(
    "identity-aliases",
    steps=(
        *MOUNTS,
        Step("entity", "POST identity/entity", 200, {"name": "al-1"}, saves={"one": "data.id"}),
        Step("another entity", "POST identity/entity", 200, {"name": "al-2"}, saves={"two": "data.id"}),
        Step(
            "create",
            "POST identity/entity-alias",
            200,
            {"name": "Al", "canonical_id": "{one}", "mount_accessor": "{up}", "custom_metadata": {"k": "v"}},
            saves={"alias": "data.id"},
        ),
        Step("read", "GET identity/entity-alias/id/{alias}", 200),
        Step("read the entity", "GET identity/entity/id/{one}", 200),
        Step(
            "the same again",
            "POST identity/entity-alias",
            204,
            {"name": "Al", "canonical_id": "{one}", "mount_accessor": "{up}", "custom_metadata": {"k": "v"}},
        ),
        Step("rename", "POST identity/entity-alias/id/{alias}", 200, {"name": "al-b"}),
        Step("read renamed", "GET identity/entity-alias/id/{alias}", 200),
        Step(
            "move",
            "POST identity/entity-alias",
            200,
            {"name": "AL-B", "canonical_id": "{two}", "mount_accessor": "{up}", "custom_metadata": "a=b"},
        ),
        Step("read moved", "GET identity/entity-alias/id/{alias}", 200),
        Step("read who had it", "GET identity/entity/id/{one}", 200),
        Step("read who has it", "GET identity/entity/id/{two}", 200),
        Step(
            "at another mount",
            "POST identity/entity-alias",
            200,
            {"name": "al-c", "entity_id": "{two}", "mount_accessor": "{ar}"},
            saves={"second": "data.id"},
        ),
        Step(
            "a second at one mount",
            "POST identity/entity-alias",
            400,
            {"name": "al-d", "canonical_id": "{two}", "mount_accessor": "{ar}"},
        ),
        Step(
            "of somebody new",
            "POST identity/entity-alias",
            200,
            {"name": "al-e", "mount_accessor": "{ar}"},
            saves={"third": "data.id", "new": "data.canonical_id"},
        ),
        Step("read somebody new", "GET identity/entity/id/{new}", 200, random=NAME),
        Step("rename to what is taken", "POST identity/entity-alias/id/{second}", 400, {"name": "AL-E"}),
        Step("move to who has one", "POST identity/entity-alias/id/{second}", 400, {"canonical_id": "{new}"}),
        Step("move to where one is", "POST identity/entity-alias/id/{second}", 400, {"mount_accessor": "{up}"}),
        Step("move to nobody", "POST identity/entity-alias/id/{second}", 400, {"canonical_id": "nope"}),
        Step("move to nowhere", "POST identity/entity-alias/id/{second}", 400, {"mount_accessor": "nope"}),
        Step("change nothing", "POST identity/entity-alias/id/{second}", 204, {}),
        Step("change none", "POST identity/entity-alias/id/nope", 400, {"name": "q"}),
        Step(
            "of nobody", "POST identity/entity-alias", 400, {"name": "q", "canonical_id": "n", "mount_accessor": "{ar}"}
        ),
        Step(
            "nowhere", "POST identity/entity-alias", 400, {"name": "q", "canonical_id": "{one}", "mount_accessor": "n"}
        ),
        Step("without a mount", "POST identity/entity-alias", 400, {"name": "q", "canonical_id": "{one}"}),
        Step("without a name", "POST identity/entity-alias", 400, {"mount_accessor": "{ar}", "canonical_id": "{one}"}),
        Step(
            "metadata that is none",
            "POST identity/entity-alias",
            400,
            {"name": "q", "canonical_id": "{one}", "mount_accessor": "{ar}", "custom_metadata": "nonsense"},
        ),
        Step("read none", "GET identity/entity-alias/id/nope", 404),
        Step("delete none", "DELETE identity/entity-alias/id/nope", 204),
        Step("find by name", "POST identity/lookup/entity", 200, {"name": "al-2"}),
        Step("find by id", "POST identity/lookup/entity", 200, {"id": "{two}"}),
        Step("find by alias", "POST identity/lookup/entity", 200, {"alias_id": "{alias}"}),
        Step(
            "find by an alias's name",
            "POST identity/lookup/entity",
            200,
            {"alias_name": "al-B", "alias_mount_accessor": "{up}"},
        ),
        Step("find nobody", "POST identity/lookup/entity", 204, {"alias_name": "al-b", "alias_mount_accessor": "nope"}),
        Step("find nobody by name", "POST identity/lookup/entity", 204, {"name": "nope"}),
        Step("find nobody by alias", "POST identity/lookup/entity", 204, {"alias_id": "nope"}),
        Step("find by half an alias", "POST identity/lookup/entity", 400, {"alias_name": "al-b"}),
        Step("find by a mount", "POST identity/lookup/entity", 400, {"alias_mount_accessor": "{up}"}),
        Step("find by nothing", "POST identity/lookup/entity", 400, {}),
        Step("find by two things", "POST identity/lookup/entity", 400, {"name": "al-2", "id": "{two}"}),
        Step("find by a read", "GET identity/lookup/entity", 405),
        Step("delete", "DELETE identity/entity-alias/id/{alias}", 204),
        Step("read deleted", "GET identity/entity-alias/id/{alias}", 404),
        Step("read who had two", "GET identity/entity/id/{two}", 200),
        *UNMOUNT,
    ),
)

_CUSTOM_METADATA: tuple[tuple[str, Json], ...] = (
    ("some", {"k": "v"}),
    ("empty", {}),
    ("null", None),
    ("text", ["a=b"]),
)


def _keeping(name: str, body: dict[str, Json]) -> tuple[Step, ...]:
    """An entity's alias made with ``body``, then changed in all ways that say something of its metadata or nothing."""
    made: dict[str, Json] = {"name": name, "mount_accessor": "{ar}", "canonical_id": "{entity}", **body}
    named: dict[str, Json] = {"name": name, "mount_accessor": "{ar}"}
    changes: tuple[tuple[str, str, dict[str, Json], int], ...] = (
        ("by its name with nothing", "", named, 200 if body.get("custom_metadata") else 204),
        ("by its id with none", "/id/{alias}", {"custom_metadata": {}}, 204),
        ("by its id with some", "/id/{alias}", {"custom_metadata": {"q": "r"}}, 200),
        ("by its id with nothing", "/id/{alias}", named, 204),
        ("by its id with null", "/id/{alias}", {"custom_metadata": None}, 200),
        ("by its id with none after null", "/id/{alias}", {"custom_metadata": {}}, 204),
        ("by its id with some after null", "/id/{alias}", {"custom_metadata": {"s": "t"}}, 200),
        ("by its name with nothing after some", "", named, 200),
    )
    return (
        Step(f"entity {name}", "POST identity/entity", 200, {"name": name}, saves={"entity": "data.id"}),
        Step(f"make {name}", "POST identity/entity-alias", 200, made, saves={"alias": "data.id"}),
        Step(f"read {name}", "GET identity/entity-alias/id/{alias}", 200),
        Step(f"read the entity {name}", f"GET identity/entity/name/{name}", 200),
        *(
            step
            for what, path, change, status in changes
            for step in (
                Step(f"change {name} {what}", f"POST identity/entity-alias{path}", status, change),
                Step(f"read {name} changed {what}", "GET identity/entity-alias/id/{alias}", 200),
                Step(f"read the entity {name} changed {what}", f"GET identity/entity/name/{name}", 200),
            )
        ),
    )


_alias_metadata = Scenario(
    "identity-alias-metadata",
    servers=Servers.FRESH,
    steps=(
        *MOUNTS,
        *_keeping("absent", {}),
        *(step for name, metadata in _CUSTOM_METADATA for step in _keeping(name, {"custom_metadata": metadata})),
        Step("make one more", "POST identity/entity-alias", 200, {"name": "z", "mount_accessor": "{ar}"},
             saves={"more": "data.id", "owner": "data.canonical_id"}),
        Step("change its entity", "POST identity/entity/id/{owner}", 204, {"policies": ["p"]}),
        Step("read after its entity changed", "GET identity/entity-alias/id/{more}", 200),
    ),
)  # fmt: skip

_merge = Scenario(
    "identity-merge",
    steps=(
        *MOUNTS,
        Step(
            "one",
            "POST identity/entity",
            200,
            {"name": "me-1", "policies": "p", "metadata": "a=1"},
            saves={"one": "data.id"},
        ),
        Step(
            "two",
            "POST identity/entity",
            200,
            {"name": "me-2", "policies": "q", "metadata": "b=2"},
            saves={"two": "data.id"},
        ),
        Step("three", "POST identity/entity", 200, {"name": "me-3"}, saves={"three": "data.id"}),
        Step(
            "alias of one",
            "POST identity/entity-alias",
            200,
            {"name": "me-a", "canonical_id": "{one}", "mount_accessor": "{up}"},
            saves={"a": "data.id"},
        ),
        Step(
            "alias of two",
            "POST identity/entity-alias",
            200,
            {"name": "me-b", "canonical_id": "{two}", "mount_accessor": "{up}"},
            saves={"b": "data.id"},
        ),
        Step(
            "alias of three",
            "POST identity/entity-alias",
            200,
            {"name": "me-c", "canonical_id": "{three}", "mount_accessor": "{ar}"},
            saves={"c": "data.id"},
        ),
        Step(
            "group",
            "POST identity/group",
            200,
            {"name": "me-g", "member_entity_ids": "{three}"},
            saves={"group": "data.id"},
        ),
        Step("clash", "POST identity/entity/merge", 400, {"from_entity_ids": ["{two}"], "to_entity_id": "{one}"}),
        Step("nothing", "POST identity/entity/merge", 400, {"to_entity_id": "{one}"}),
        Step("to nothing", "POST identity/entity/merge", 400, {"from_entity_ids": ["{two}"]}),
        Step("to nobody", "POST identity/entity/merge", 400, {"from_entity_ids": ["{two}"], "to_entity_id": "nope"}),
        Step("nobody", "POST identity/entity/merge", 400, {"from_entity_ids": ["nope"], "to_entity_id": "{one}"}),
        Step("itself", "POST identity/entity/merge", 400, {"from_entity_ids": ["{one}"], "to_entity_id": "{one}"}),
        Step("merge nothing", "POST identity/entity/merge", 400, {}),
        Step("merge", "POST identity/entity/merge", 204, {"from_entity_ids": ["{three}"], "to_entity_id": "{one}"}),
        Step("read", "GET identity/entity/id/{one}", 200),
        Step("read what is part of it", "GET identity/entity/id/{three}", 404),
        Step("read an alias", "GET identity/entity-alias/id/{c}", 200),
        Step("read the group", "GET identity/group/id/{group}", 200),
        Step(
            "keep an alias",
            "POST identity/entity/merge",
            204,
            {"from_entity_ids": ["{two}"], "to_entity_id": "{one}", "conflicting_alias_ids_to_keep": ["{b}"]},
        ),
        Step("read with the alias", "GET identity/entity-alias/id/{b}", 200),
        Step("read merged twice", "GET identity/entity/id/{one}", 200),
        *UNMOUNT,
    ),
)

SCENARIOS = (
    _entities,
    _lists,
    _aliases,
    _alias_metadata,
    _merge,
)
