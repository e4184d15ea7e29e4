"""Identity: entities, their aliases, groups, what logins make of them, and what policies make of that."""

from __future__ import annotations

from tests.conformance.steps import NO_TOKEN, Json, Scenario, Servers, Step

_NAME = ("data.name",)
"""A name that the server makes up."""

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
        Step("create without anything", "POST identity/entity", 200, {}, saves={"un": "data.id"}, random=_NAME),
        Step("read without anything", "GET identity/entity/id/{un}", 200, random=_NAME),
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

_MOUNTS = (
    Step("enable", "POST sys/auth/{m}", 204, {"type": "userpass"}),
    Step("mount", "GET sys/auth/{m}", 200, saves={"up": "data.accessor"}),
    Step("enable another", "POST sys/auth/{m}-2", 204, {"type": "approle"}),
    Step("another mount", "GET sys/auth/{m}-2", 200, saves={"ar": "data.accessor"}),
)

_UNMOUNT = (
    Step("unmount", "DELETE sys/auth/{m}", 204),
    Step("unmount another", "DELETE sys/auth/{m}-2", 204),
)

_aliases = Scenario(
    "identity-aliases",
    steps=(
        *_MOUNTS,
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
        Step("read somebody new", "GET identity/entity/id/{new}", 200, random=_NAME),
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
        *_UNMOUNT,
    ),
)

_groups = Scenario(
    "identity-groups",
    steps=(
        Step("entity", "POST identity/entity", 200, {"name": "gr-1"}, saves={"one": "data.id"}),
        Step("another entity", "POST identity/entity", 200, {"name": "gr-2"}, saves={"two": "data.id"}),
        Step(
            "create",
            "POST identity/group",
            200,
            {"name": "gr", "policies": ["B", "a"], "metadata": {"k": "v"}, "member_entity_ids": ["{one}"]},
            saves={"group": "data.id"},
        ),
        Step("read", "GET identity/group/id/{group}", 200),
        Step("read by name", "GET identity/group/name/GR", 200),
        Step("read the member", "GET identity/entity/id/{one}", 200),
        Step("write again", "POST identity/group", 204, {"name": "GR", "policies": ["z"]}),
        Step("read what was written again", "GET identity/group/id/{group}", 200),
        Step("create without anything", "POST identity/group", 200, {}, saves={"un": "data.id"}, random=_NAME),
        Step("read without anything", "GET identity/group/id/{un}", 200, random=_NAME),
        Step(
            "above",
            "POST identity/group",
            200,
            {"name": "gr-above", "member_group_ids": "{group}"},
            saves={"above": "data.id"},
        ),
        Step("read above", "GET identity/group/id/{above}", 200),
        Step("read below", "GET identity/group/id/{group}", 200),
        Step("read the member of both", "GET identity/entity/id/{one}", 200),
        Step("in a circle", "POST identity/group/id/{group}", 400, {"member_group_ids": ["{above}"]}),
        Step("in itself", "POST identity/group/id/{group}", 500, {"member_group_ids": ["{group}"]}),
        Step("with no group", "POST identity/group/id/{group}", 500, {"member_group_ids": ["nope"]}),
        Step("with no entity", "POST identity/group/id/{group}", 500, {"member_entity_ids": ["nope"]}),
        Step("with the root policy", "POST identity/group/id/{group}", 400, {"policies": "root"}),
        Step("with metadata that is none", "POST identity/group/id/{group}", 500, {"metadata": {"a b": "x"}}),
        Step("of another type", "POST identity/group/id/{group}", 400, {"type": "external"}),
        Step("of no type", "POST identity/group", 400, {"name": "gr-none", "type": "zzz"}),
        Step("write none", "POST identity/group/id/nope", 400, {"name": "x"}),
        Step("write none by name", "POST identity/group", 400, {"id": "nope", "name": "x"}),
        Step("rename to what is taken", "POST identity/group/id/{un}", 400, {"name": "gr"}),
        Step("rename", "POST identity/group/id/{un}", 204, {"name": "gr-renamed"}),
        Step("write by name", "POST identity/group/name/gr-renamed", 204, {"policies": "x"}),
        Step("read renamed", "GET identity/group/id/{un}", 200),
        Step("create by name", "POST identity/group/name/gr-made", 200, {"policies": "x", "nonsense": 1}),
        Step("other members", "POST identity/group/id/{group}", 204, {"member_entity_ids": ["{two}", "", "{two}"]}),
        Step("read with other members", "GET identity/group/id/{group}", 200),
        Step("read who was a member", "GET identity/entity/id/{one}", 200),
        Step("delete a member", "DELETE identity/entity/id/{two}", 204),
        Step("read without the member", "GET identity/group/id/{group}", 200),
        Step("read none", "GET identity/group/id/nope", 404),
        Step("read none by name", "GET identity/group/name/nope", 404),
        Step("delete none", "DELETE identity/group/id/nope", 204),
        Step("delete none by name", "DELETE identity/group/name/nope", 204),
        Step("list what can't be listed", "LIST identity/group", 404),
        Step("read what can't be read", "GET identity/group", 405),
        Step("delete", "DELETE identity/group/id/{group}", 204),
        Step("read above of nothing", "GET identity/group/id/{above}", 200),
        Step("delete by name", "DELETE identity/group/name/gr-above", 204),
        Step("read deleted", "GET identity/group/id/{above}", 404),
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
        *_MOUNTS,
        *_keeping("absent", {}),
        *(step for name, metadata in _CUSTOM_METADATA for step in _keeping(name, {"custom_metadata": metadata})),
        Step("make one more", "POST identity/entity-alias", 200, {"name": "z", "mount_accessor": "{ar}"},
             saves={"more": "data.id", "owner": "data.canonical_id"}),
        Step("change its entity", "POST identity/entity/id/{owner}", 204, {"policies": ["p"]}),
        Step("read after its entity changed", "GET identity/entity-alias/id/{more}", 200),
    ),
)  # fmt: skip

_group_aliases = Scenario(
    "identity-group-aliases",
    steps=(
        *_MOUNTS,
        Step("local mount", "GET sys/mounts/cubbyhole", 200, saves={"local": "data.accessor"}),
        Step("entity", "POST identity/entity", 200, {"name": "ga-1"}, saves={"one": "data.id"}),
        Step("inside", "POST identity/group", 200, {"name": "ga-internal"}, saves={"internal": "data.id"}),
        Step("group", "POST identity/group", 200, {"name": "ga", "type": "external"}, saves={"group": "data.id"}),
        Step("read without an alias", "GET identity/group/id/{group}", 200),
        Step("set members", "POST identity/group/id/{group}", 400, {"member_entity_ids": ["{one}"]}),
        Step("set groups", "POST identity/group/id/{group}", 400, {"member_group_ids": []}),
        Step("make with members", "POST identity/group", 400, {"type": "external", "member_entity_ids": ["{one}"]}),
        Step("make internal", "POST identity/group/id/{group}", 400, {"type": "internal"}),
        Step(
            "create",
            "POST identity/group-alias",
            200,
            {"name": "gal", "mount_accessor": "{up}", "canonical_id": "{group}"},
            saves={"alias": "data.id"},
        ),
        Step("read", "GET identity/group-alias/id/{alias}", 200),
        Step("read the group", "GET identity/group/id/{group}", 200),
        Step(
            "of an internal group",
            "POST identity/group-alias",
            400,
            {"name": "gb", "mount_accessor": "{up}", "canonical_id": "{internal}"},
        ),
        Step(
            "of no group",
            "POST identity/group-alias",
            400,
            {"name": "gb", "mount_accessor": "{up}", "canonical_id": "nope"},
        ),
        Step(
            "nowhere",
            "POST identity/group-alias",
            400,
            {"name": "gb", "mount_accessor": "nope", "canonical_id": "{group}"},
        ),
        Step("at a local mount", "POST identity/group-alias", 400, {"name": "gb", "mount_accessor": "{local}"}),
        Step("without a name", "POST identity/group-alias", 400, {"mount_accessor": "{up}", "canonical_id": "{group}"}),
        Step("without a mount", "POST identity/group-alias", 400, {"name": "gb", "canonical_id": "{group}"}),
        Step(
            "of a new group",
            "POST identity/group-alias",
            200,
            {"name": "gac", "mount_accessor": "{up}"},
            saves={"new": "data.canonical_id"},
        ),
        Step("read the new group", "GET identity/group/id/{new}", 200, random=_NAME),
        Step(
            "that is taken",
            "POST identity/group-alias",
            400,
            {"name": "GAC", "mount_accessor": "{up}", "canonical_id": "{group}"},
        ),
        Step("rename", "POST identity/group-alias/id/{alias}", 200, {"name": "gad", "mount_accessor": "{up}"}),
        Step(
            "the same again",
            "POST identity/group-alias/id/{alias}",
            204,
            {"name": "gad", "mount_accessor": "{up}", "canonical_id": "{group}"},
        ),
        Step("rename without a mount", "POST identity/group-alias/id/{alias}", 400, {"name": "gae"}),
        Step("rename none", "POST identity/group-alias/id/nope", 400, {"name": "gae", "mount_accessor": "{up}"}),
        Step("read renamed", "GET identity/group-alias/id/{alias}", 200),
        Step("find by name", "POST identity/lookup/group", 200, {"name": "GA"}),
        Step("find by id", "POST identity/lookup/group", 200, {"id": "{group}"}),
        Step("find by alias", "POST identity/lookup/group", 200, {"alias_id": "{alias}"}),
        Step(
            "find by an alias's name",
            "POST identity/lookup/group",
            200,
            {"alias_name": "gad", "alias_mount_accessor": "{up}"},
        ),
        Step("find none", "POST identity/lookup/group", 204, {"name": "nope"}),
        Step("find by nothing", "POST identity/lookup/group", 400, {}),
        Step("find by half an alias", "POST identity/lookup/group", 400, {"alias_name": "gad"}),
        Step("find by two things", "POST identity/lookup/group", 400, {"name": "ga", "id": "{group}"}),
        Step(
            "replace",
            "POST identity/group-alias",
            200,
            {"name": "gaf", "mount_accessor": "{ar}", "canonical_id": "{group}"},
            saves={"second": "data.id"},
        ),
        Step("read replaced", "GET identity/group-alias/id/{alias}", 404),
        Step("delete", "DELETE identity/group-alias/id/{second}", 204),
        Step("delete none", "DELETE identity/group-alias/id/nope", 204),
        Step("read the group without", "GET identity/group/id/{group}", 200),
        Step("delete the groups", "DELETE identity/group/id/{group}", 204),
        Step("delete the new group", "DELETE identity/group/id/{new}", 204),
        *_UNMOUNT,
    ),
)

_merge = Scenario(
    "identity-merge",
    steps=(
        *_MOUNTS,
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
        *_UNMOUNT,
    ),
)


def _policy(name: str, *rules: str) -> Step:
    text = " ".join(f'path "{path}" {{ capabilities = ["read"] }}' for path in rules)
    return Step(f"policy {name}", f"POST sys/policies/acl/{name}", 204, {"policy": text})


_logins = Scenario(
    "identity-logins",
    steps=(
        *_MOUNTS,
        _policy("lo-group", "lo/group"),
        _policy("lo-above", "lo/above"),
        _policy("lo-own", "auth/token/create"),
        Step("user", "POST auth/{m}/users/ann", 204, {"password": "pw", "token_policies": "lo-own", "token_ttl": "1h"}),
        Step(
            "log in",
            "POST auth/{m}/login/ann",
            200,
            {"password": "pw"},
            token=NO_TOKEN,
            saves={"token": "auth.client_token", "ann": "auth.entity_id", "accessor": "auth.accessor"},
        ),
        Step("entity", "GET identity/entity/id/{ann}", 200, random=_NAME),
        Step("log in again", "POST auth/{m}/login/ann", 200, {"password": "pw"}, token=NO_TOKEN),
        Step("look up", "GET auth/token/lookup-self", 200, token="{token}"),
        Step("before", "POST sys/capabilities-self", 200, {"paths": "lo/above"}, token="{token}"),
        Step("policies", "POST identity/entity/id/{ann}", 204, {"policies": ["lo-entity", "lo-own"]}),
        Step(
            "group",
            "POST identity/group",
            200,
            {"name": "lo-g", "policies": ["lo-group"], "member_entity_ids": ["{ann}"]},
            saves={"group": "data.id"},
        ),
        Step(
            "group above",
            "POST identity/group",
            200,
            {"name": "lo-a", "policies": ["lo-above", "lo-entity"], "member_group_ids": ["{group}"]},
        ),
        Step("after", "POST sys/capabilities-self", 200, {"paths": "lo/above,lo/group"}, token="{token}"),
        Step("after, by the token", "POST sys/capabilities", 200, {"paths": "lo/above", "token": "{token}"}),
        Step(
            "after, by the accessor",
            "POST sys/capabilities-accessor",
            200,
            {"paths": "lo/above", "accessor": "{accessor}"},
        ),
        Step(
            "resultant",
            "GET sys/internal/ui/resultant-acl",
            200,
            token="{token}",
            ignores=("data.exact_paths", "data.glob_paths"),
        ),
        Step("look up with policies", "GET auth/token/lookup-self", 200, token="{token}"),
        Step("look up by the accessor", "POST auth/token/lookup-accessor", 200, {"accessor": "{accessor}"}),
        Step("renew", "POST auth/token/renew-self", 200, {}, token="{token}"),
        Step("log in with policies", "POST auth/{m}/login/ann", 200, {"password": "pw"}, token=NO_TOKEN),
        Step("batch tokens", "POST sys/auth/{m}/tune", 204, {"token_type": "batch"}),
        Step(
            "log in for a batch token",
            "POST auth/{m}/login/ann",
            200,
            {"password": "pw"},
            token=NO_TOKEN,
            saves={"batch": "auth.client_token"},
        ),
        Step("look up the batch token", "GET auth/token/lookup-self", 200, token="{batch}"),
        Step("rights of the batch token", "POST sys/capabilities-self", 200, {"paths": "lo/above"}, token="{batch}"),
        Step("service tokens", "POST sys/auth/{m}/tune", 204, {"token_type": "default-service"}),
        Step("empty the group", "POST identity/group/id/{group}", 204, {"member_entity_ids": []}),
        Step("without the group", "POST sys/capabilities-self", 200, {"paths": "lo/above"}, token="{token}"),
        Step("look up without the group", "GET auth/token/lookup-self", 200, token="{token}"),
        Step("disable", "POST identity/entity/id/{ann}", 204, {"disabled": True}),
        Step("use of a disabled one", "GET auth/token/lookup-self", 403, token="{token}"),
        Step("use of a disabled one's batch token", "GET auth/token/lookup-self", 403, token="{batch}"),
        Step("public path for a disabled one", "GET sys/internal/ui/mounts", 403, token="{token}"),
        Step("login of a disabled one", "POST auth/{m}/login/ann", 403, {"password": "pw"}, token=NO_TOKEN),
        Step("rights of a disabled one", "POST sys/capabilities", 400, {"token": "{token}", "paths": "lo/above"}),
        Step("look up of a disabled one", "POST auth/token/lookup", 200, {"token": "{token}"}),
        Step("enable the entity", "POST identity/entity/id/{ann}", 204, {"disabled": False}),
        Step("use again", "GET auth/token/lookup-self", 200, token="{token}"),
        Step("delete the entity", "DELETE identity/entity/id/{ann}", 204),
        Step("use of a deleted one", "GET auth/token/lookup-self", 403, token="{token}"),
        Step("use of a deleted one's batch token", "GET auth/token/lookup-self", 403, token="{batch}"),
        Step("look up of a deleted one", "POST auth/token/lookup", 200, {"token": "{token}"}),
        Step("rights of a deleted one", "POST sys/capabilities", 400, {"token": "{token}", "paths": "lo/above"}),
        Step(
            "log in anew",
            "POST auth/{m}/login/ann",
            200,
            {"password": "pw"},
            token=NO_TOKEN,
            saves={"anew": "auth.client_token", "annew": "auth.entity_id"},
        ),
        Step("somebody else", "POST identity/entity", 200, {"name": "lo-other"}, saves={"other": "data.id"}),
        Step("merge", "POST identity/entity/merge", 204, {"from_entity_ids": "{annew}", "to_entity_id": "{other}"}),
        Step("rights of the other", "POST identity/entity/id/{other}", 204, {"policies": "lo-group"}),
        Step("use of a merged one", "POST sys/capabilities-self", 200, {"paths": "lo/group"}, token="{anew}"),
        Step("look up of a merged one", "GET auth/token/lookup-self", 200, token="{anew}"),
        Step("log in as the other", "POST auth/{m}/login/ann", 200, {"password": "pw"}, token=NO_TOKEN),
        *_UNMOUNT,
    ),
)

_children = Scenario(
    "identity-children",
    steps=(
        *_MOUNTS,
        Step(
            "policy",
            "POST sys/policies/acl/ch-own",
            204,
            {"policy": 'path "auth/token/*" { capabilities = ["create", "update", "sudo"] }'},
        ),
        Step("user", "POST auth/{m}/users/kid", 204, {"password": "pw", "token_policies": "ch-own"}),
        Step(
            "log in",
            "POST auth/{m}/login/kid",
            200,
            {"password": "pw"},
            token=NO_TOKEN,
            saves={"token": "auth.client_token", "kid": "auth.entity_id"},
        ),
        Step("policies", "POST identity/entity/id/{kid}", 204, {"policies": ["ch-entity"]}),
        Step("child", "POST auth/token/create", 200, {}, token="{token}", saves={"child": "auth.client_token"}),
        Step("look up the child", "GET auth/token/lookup-self", 200, token="{child}"),
        Step(
            "child with the entity's policy",
            "POST auth/token/create",
            200,
            {"policies": ["ch-entity"]},
            token="{token}",
        ),
        Step("orphan", "POST auth/token/create-orphan", 200, {}, token="{token}"),
        Step("without a parent", "POST auth/token/create", 200, {"no_parent": True}, token="{token}"),
        Step(
            "role",
            "POST auth/token/roles/ch-role",
            204,
            {"allowed_entity_aliases": "ch-A*,kid", "allowed_policies": "x"},
        ),
        Step("child by a role", "POST auth/token/create/ch-role", 200, {}, token="{token}"),
        Step("by a role of a root token", "POST auth/token/create/ch-role", 200, {}),
        Step(
            "with an alias",
            "POST auth/token/create/ch-role",
            200,
            {"entity_alias": "Ch-Alias"},
            token="{token}",
            saves={"aliased": "auth.client_token", "entity": "auth.entity_id"},
        ),
        Step("token mount", "GET sys/auth/token", 200, saves={"tokens": "data.accessor"}),
        Step("read the alias", "GET identity/entity/id/{entity}", 200, random=_NAME),
        Step("look up with an alias", "GET auth/token/lookup-self", 200, token="{aliased}"),
        Step("with the same alias", "POST auth/token/create/ch-role", 200, {"entity_alias": "ch-alias"}),
        Step(
            "with an alias in a batch token",
            "POST auth/token/create/ch-role",
            200,
            {"entity_alias": "ch-alias", "type": "batch"},
        ),
        Step("disable the alias's entity", "POST identity/entity/id/{entity}", 204, {"disabled": True}),
        Step(
            "with the alias of a disabled entity",
            "POST auth/token/create/ch-role",
            403,
            {"entity_alias": "ch-alias"},
        ),
        Step("renew a disabled one's token", "POST auth/token/renew-self", 403, {}, token="{aliased}"),
        Step("with an alias that isn't allowed", "POST auth/token/create/ch-role", 400, {"entity_alias": "zzz"}),
        Step("app role", "POST auth/{m}-2/role/r", 204, {"token_policies": "x"}),
        Step("role id", "GET auth/{m}-2/role/r/role-id", 200, saves={"role_id": "data.role_id"}),
        Step(
            "secret id",
            "POST auth/{m}-2/role/r/secret-id",
            200,
            {"metadata": '{"a": "b"}'},
            saves={"secret_id": "data.secret_id"},
        ),
        Step(
            "log in by a role",
            "POST auth/{m}-2/login",
            200,
            {"role_id": "{role_id}", "secret_id": "{secret_id}"},
            token=NO_TOKEN,
            saves={"robot": "auth.entity_id"},
        ),
        Step("read the role's entity", "GET identity/entity/id/{robot}", 200, random=_NAME),
        Step(
            "wrapped",
            "POST auth/{m}/login/kid",
            200,
            {"password": "pw"},
            token=NO_TOKEN,
            headers={"X-Vault-Wrap-TTL": "60"},
            saves={"wrapping": "wrap_info.token"},
        ),
        Step("unwrap", "POST sys/wrapping/unwrap", 200, {}, token="{wrapping}"),
        *_UNMOUNT,
    ),
)

_VALUES: tuple[str, ...] = (
    "identity.entity.id",
    "identity.entity.name",
    " identity.entity.name ",
    "identity.entity.metadata.k",
    "identity.entity.metadata.Mixed",
    "identity.entity.metadata.missing",
    "identity.entity.metadata.empty",
    "identity.entity.metadata.braces",
    "identity.entity.metadata",
    "identity.entity.aliases.{up}.id",
    "identity.entity.aliases.{up}.name",
    "identity.entity.aliases.{up}.metadata.k",
    "identity.entity.aliases.{up}.custom_metadata.team",
    "identity.entity.aliases.{up}.custom_metadata.none",
    "identity.entity.aliases.nope.name",
    "identity.groups.names.te-g.id",
    "identity.groups.names.te-g.name",
    "identity.groups.names.te-g.metadata.gk",
    "identity.groups.names.te-above.id",
    "identity.groups.names.te-other.id",
    "identity.groups.ids.{group}.name",
    "identity.groups.ids.{group}.metadata.gk",
    "identity.groups.ids.{other}.name",
    "identity.entity.nope",
    "nope",
)


def _templated(name: str, value: str, shape: str = "te/%s/z", **allowed: Json) -> Step:
    text = 'path "%s" { capabilities = ["read"] }' % (shape % ("{{" + value + "}}"))
    return Step(f"policy of {name}", "POST sys/policies/acl/te", 204, {"policy": text, **allowed})


_SHAPES = ("te/%s", "te/%s/*", "te/p%s", "te/x%s*")
_PATHS = "te/x/y,te/x/y/z,te/px/y,te/xx/y1,te/x,te/a,te/x/q"

_templates = Scenario(
    "identity-templates",
    steps=(
        *_MOUNTS,
        Step(
            "user",
            "POST auth/{m}/users/tpl",
            204,
            {"password": "pw", "token_policies": "te,te-own", "token_no_default_policy": True},
        ),
        _policy("te-own", "sys/internal/ui/resultant-acl"),
        Step(
            "log in",
            "POST auth/{m}/login/tpl",
            200,
            {"password": "pw"},
            token=NO_TOKEN,
            saves={"token": "auth.client_token", "ann": "auth.entity_id"},
        ),
        Step("find the alias", "GET identity/entity/id/{ann}", 200, saves={"alias": "data.aliases.0.id"}, random=_NAME),
        Step("values of the alias", "POST identity/entity-alias/id/{alias}", 200, {"custom_metadata": {"team": "red"}}),
        Step(
            "values",
            "POST identity/entity/id/{ann}",
            204,
            {
                "name": "te-name",
                "metadata": {
                    "k": "v1",
                    "Mixed": "M",
                    "empty": "",
                    "star": "a*",
                    "plus": "+",
                    "slash": "x/y",
                    "braces": "{{identity.entity.id}}",
                },
            },
        ),
        Step(
            "group",
            "POST identity/group",
            200,
            {"name": "te-g", "member_entity_ids": ["{ann}"], "metadata": {"gk": "gv"}},
            saves={"group": "data.id"},
        ),
        Step(
            "above",
            "POST identity/group",
            200,
            {"name": "te-above", "member_group_ids": ["{group}"]},
            saves={"above": "data.id"},
        ),
        Step("other group", "POST identity/group", 200, {"name": "te-other"}, saves={"other": "data.id"}),
        *(
            step
            for number, value in enumerate(_VALUES)
            for step in (
                _templated(f"value {number}", value),
                Step(f"value {number}", "GET sys/internal/ui/resultant-acl", 200, token="{token}"),
            )
        ),
        *(
            step
            for value in ("star", "plus", "slash")
            for step in (
                _templated(f"refused {value}", f"identity.entity.metadata.{value}"),
                Step(f"refused {value}", "GET sys/internal/ui/resultant-acl", 400, token="{token}"),
            )
        ),
        *(
            step
            for shape in _SHAPES
            for step in (
                _templated(
                    f"slash in {shape}",
                    "identity.entity.metadata.slash",
                    shape,
                    allow_slashes_in_identity_templates=True,
                ),
                Step(f"slash in {shape}", "POST sys/capabilities", 200, {"paths": _PATHS, "token": "{token}"}),
            )
        ),
        _templated(
            "wildcards that are allowed",
            "identity.entity.metadata.star",
            "te/%s",
            allow_wildcards_in_identity_templates=True,
        ),
        Step(
            "wildcards that are allowed",
            "POST sys/capabilities",
            200,
            {"paths": ["te/a*", "te/ab", "te/a"], "token": "{token}"},
        ),
        _templated(
            "a plus that is allowed",
            "identity.entity.metadata.plus",
            "te/%s/x",
            allow_wildcards_in_identity_templates=True,
        ),
        Step(
            "a plus that is allowed",
            "POST sys/capabilities",
            200,
            {"paths": ["te/+/x", "te/a/x", "te/x"], "token": "{token}"},
        ),
        *_UNMOUNT,
    ),
)

SCENARIOS: tuple[Scenario, ...] = (
    _entities,
    _lists,
    _aliases,
    _alias_metadata,
    _groups,
    _group_aliases,
    _merge,
    _logins,
    _children,
    _templates,
)
