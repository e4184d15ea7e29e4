"""Built-in policies."""

from __future__ import annotations

ROOT = "root"
"""The root policy: allows everything, has no text, and exists in the root namespace alone."""

DEFAULT = "default"
"""The default policy: given to every token that doesn't refuse it; may be edited, but not deleted."""

RESPONSE_WRAPPING = "response-wrapping"
"""The policy of wrapping tokens; fixed."""

HIDDEN = frozenset({RESPONSE_WRAPPING, "control-group"})
"""Policies left out of lists."""

FIXED = frozenset({ROOT, RESPONSE_WRAPPING})
"""Policies that can be neither written nor deleted."""

UNASSIGNABLE_TEXT = f'cannot assign policy "{RESPONSE_WRAPPING}"'
"""The error for a token with the policy ``response-wrapping`` that isn't created by response wrapping."""

DEFAULT_TEXT = """\
# Given to every token unless it is created with no_default_policy. Edit it to change what all tokens may do.

# A token may know, prolong and end itself, and ask what it is allowed.
path "auth/token/lookup-self"         { capabilities = ["read"] }
path "auth/token/renew-self"          { capabilities = ["update"] }
path "auth/token/revoke-self"         { capabilities = ["update"] }
path "sys/capabilities-self"          { capabilities = ["update"] }
path "sys/internal/ui/resultant-acl"  { capabilities = ["read"] }

# An entity may read itself.
path "identity/entity/id/{{identity.entity.id}}"      { capabilities = ["read"] }
path "identity/entity/name/{{identity.entity.name}}"  { capabilities = ["read"] }

# The id of a lease is enough to look it up and renew it.
path "sys/leases/lookup"              { capabilities = ["update"] }
path "sys/leases/renew"               { capabilities = ["update"] }

# Every token has a private place to keep things in.
path "cubbyhole/*"                    { capabilities = ["create", "read", "update", "delete", "list"] }

# Wrapping answers, and unwrapping those of others.
path "sys/wrapping/wrap"              { capabilities = ["update"] }
path "sys/wrapping/lookup"            { capabilities = ["update"] }
path "sys/wrapping/unwrap"            { capabilities = ["update"] }

# Hashing needs no secret.
path "sys/tools/hash"                 { capabilities = ["update"] }
path "sys/tools/hash/*"               { capabilities = ["update"] }
"""

RESPONSE_WRAPPING_TEXT = """\
# A wrapping token opens what it wraps, once, and may give itself up.
path "sys/wrapping/unwrap"     { capabilities = ["update"] }
path "cubbyhole/response"      { capabilities = ["create", "read"] }
path "auth/token/revoke-self"  { capabilities = ["update"] }
"""
