"""Where CryptoServe answers otherwise than OpenBao, on purpose, and what it can't do yet.

Everything not in these two tables must be equal. A declared difference that no longer differs fails the suite, and so
does a scenario in ``NOT_YET`` that has come to pass: the tables say what is so, no less and no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.conformance.steps import Scenario, Step


@dataclass(frozen=True, slots=True)
class Difference:
    """In steps ``step`` of the scenarios ``scenario``, places ``where`` may differ.

    All three are patterns, as of file names (``*``, ``?``). In each scenario that the pattern matches, at least one
    step must make use of the row.
    """

    scenario: str
    step: str
    where: str
    reason: str

    def covers(self, scenario: Scenario, step: Step, place: str) -> bool:
        """Whether a difference at ``place`` in the answer to ``step`` is this one."""
        return (
            fnmatchcase(scenario.name, self.scenario)
            and fnmatchcase(step.name, self.step)
            and fnmatchcase(place, self.where)
        )


_HARDENING = "answers hold data, never a page: browsers are told to neither sniff, frame nor run them"

_LONG_WRAPPING = "a wrapped answer is kept for the system's maximum TTL at most, as every token is"
_STORED_FOR_ANYBODY = "what anybody may ask for is no secret, and isn't stored for those without a token"

_HEAD = "the headers of HEAD are those of GET (RFC 9110)"
_NO_STATUS = "no answer has a status above 599 (RFC 9110)"
_HCL_WORDS = "says where the text is wrong, in the words of our own parser"
_ONE_SEGMENT = "a parameter in the path is one segment, and what lies deeper is no path at all"
_HMAC_VERSIONS = "keys of type hmac tell when their versions were made, as all others do"
_GO_TYPES = "says what is wrong, without what Go prints of an error that it can't format"
_COUNT = "a key that has encrypted tells how often, since no version may do so without end"
_KNOWN_TYPES = "what isn't known is refused with a list of what is"
_OWN_VERSION = "which CryptoServe it is, beside the version of the API"
_TELLING_THE_STATE = (
    *("acl-default", "http-headers", "http-paths", "namespaces-only-in-root", "sys-audit", "sys-generate-root"),
    *("sys-recovery-shares", "sys-rekey*", "sys-rotate-root", "sys-server-active", "sys-server-barrier"),
    *("sys-server-initialisation", "sys-server-single-share"),
)
_READING_USED_KEYS = (
    *("transit-encrypt-upsert", "transit-encrypt-xchacha", "transit-keys-deletion"),
    *("transit-restore-details", "http-bodies", "acl-parameters"),
)
_REWRAP_BOUND = "a ciphertext that is bound to associated data can be encrypted anew, with them"
_GO_WORDS = "OpenBao's text is that of a Go library, and names Go's types"
_SLIP = "OpenBao's text ends in a trace of a slip"
_OWN_VALUE = "the path shows and resets the value that it sets"
_READS_LIKE = "a name that reads like a reserved one is reserved too, in whatever letters"
_ENTITY_IDS = "the id of an entity is a UUID, in namespaces too"
_FROM_ABOVE = "a token of the root namespace can be neither seen nor ended from a namespace below"
_OWN_END = "the explicit maximum that a token was made with is moved by nothing, its role's included"
_OWN_PERIOD = "a token keeps the period that it was made with, if its role has none"
_TEMPLATES = "a mistake in a role or a token is no failure of the server's, and told in no words of Go's"
_MISLEADING = "a value that is filled in is never a wildcard, and never nothing"
_SPELT = "what names one thing in several ways is judged by the thing, in requests and in rules"
_MEANT = "parameters are judged by what the path makes of them, each element of a list for itself"
_NO_VALUES = "OpenBao answers no values with null, or with an empty object or list, as it has kept them"

DIFFERENCES: tuple[Difference, ...] = (
    Difference("*", "*", "headers.content-security-policy", _HARDENING),
    Difference("*", "*", "headers.x-content-type-options", _HARDENING),
    Difference("*", "*", "headers.x-frame-options", _HARDENING),
    Difference("*", "*", "headers.x-vault-request-id", "says of which audit entries a proof can be asked for"),
    Difference("sys-audit", "no type", "body.errors.0", _KNOWN_TYPES),
    Difference("sys-audit", "unknown type", "body.errors.0", _KNOWN_TYPES),
    # Requests that are refused before they are routed carry the headers of all other answers.
    Difference("http-paths", "get /v1/{m}/keys/*%*", "headers.cache-control", "on every answer"),
    Difference("http-paths", "get /v1/{m}/keys/*%*", "headers.strict-transport-security", "on every answer"),
    Difference("http-paths", "get /v1/{m}/keys/%zz", "headers.connection", "no reason to drop the connection"),
    Difference("sys-server-active", "HEAD health*", "headers.content-type", _HEAD),
    Difference("sys-server-initialisation", "HEAD health*", "headers.content-type", _HEAD),
    Difference("sys-server-active", "* health?activecode=600 *", "*", _NO_STATUS),
    Difference("sys-server-initialisation", "* health?activecode=600 *", "*", _NO_STATUS),
    Difference(
        "sys-server-active", "get seal", "body.errors*", "a verb that a path doesn't have is answered as elsewhere"
    ),
    Difference(
        "sys-cors",
        "anybody with credentials",
        "headers.access-control-allow-credentials",
        "any page could use what a browser keeps for this server",
    ),
    Difference("sys-cors", "preflight*", "headers.strict-transport-security", "on every answer"),
    Difference("sys-rotate-root", "begin with *", "body.errors.0", _GO_TYPES),
    Difference("sys-rotate-root", "wrong twice", "body.errors.0", _GO_TYPES),
    Difference("sys-loggers", "no such logger", "body.warnings", "no warnings are null, as everywhere"),
    Difference("sys-loggers", "list", "*", "a path that can't be listed is told so as elsewhere"),
    Difference("sys-ui-headers", "write a line break", "*", "what no header can be isn't kept as one"),
    Difference("sys-server-more", "monitor with a wrong level", "*", "logs are read where they are written"),
    Difference("acl-parameters", "resultant acl", "body.data.*.required_parameters.*", "names in order"),
    *(
        Difference(scenario, f"* version {spelling}", "body.errors.0", "a number has one spelling")
        for scenario in ("transit-decrypt-single", "transit-encrypt-xchacha-more")
        for spelling in ("with a plus", "with a zero in front", "of minus zero")
    ),
    Difference("sys-policies-texts", "* no path name", "*", "a path without a name is a mistake, not an empty policy"),
    Difference("sys-policies-texts", "write not hcl", "body.errors.0", _HCL_WORDS),
    Difference("wrapping", "ttl 100000h", "body.wrap_info.ttl", _LONG_WRAPPING),
    Difference("wrapping", "ttl 100000h", "body.warnings*", _LONG_WRAPPING),
    Difference("wrapping-edges", "without a token", "*", _STORED_FOR_ANYBODY),
    Difference("sys-policies-listing", "read response-wrapping", "body.data.modified", "built in, never modified"),
    Difference("sys-server-initialisation", "initialise with shares as text", "body.errors.0", _GO_WORDS),
    Difference("sys-server-single-share", "a key that is too long", "body.errors.0", _GO_WORDS),
    Difference("sys-mounts", "enable with a negative maximum", "body.errors.0", "names the field that is wrong"),
    Difference("tokens-lookup", "lookup of a list", "*", "a field of a wrong type is reported like any other"),
    Difference("transit-encrypt-upsert", "read version-2", "*", "a request that fails leaves no key behind"),
    Difference("transit-backup", "restore what isn't json", "body.errors.0", _GO_WORDS),
    Difference(
        "transit-encrypt-associated-data",
        "rewrap *",
        "*",
        _REWRAP_BOUND,
    ),
    Difference("transit-encrypt-xchacha-more", "rewrap *", "*", _REWRAP_BOUND),
    Difference("transit-keys-creation", "external key", "body.errors.0", "the type isn't served"),
    Difference("transit-keys-types", "* hmac", "body.data.keys.*", _HMAC_VERSIONS),
    Difference("transit-encrypt-types", "create hmac", "body.data.keys.*", _HMAC_VERSIONS),
    Difference("transit-keys-creation", "hmac with the size as text", "body.data.keys.*", _HMAC_VERSIONS),
    Difference("transit-sign-by-url", "create hmac", "body.data.keys.*", _HMAC_VERSIONS),
    Difference("transit-sign-parameters", "create hmac", "body.data.keys.*", _HMAC_VERSIONS),
    Difference("transit-hmac", "*", "body.data.keys.*", _HMAC_VERSIONS),
    Difference("transit-restore-vectors", "read hmac", "body.data.keys.*", _HMAC_VERSIONS),
    Difference("transit-import", "read hmac", "body.data.keys.*", _HMAC_VERSIONS),
    Difference("transit-export", "create hmac", "body.data.keys.*", _HMAC_VERSIONS),
    Difference("transit-soft-deleted", "* with it", "*", "a soft-deleted key is used for nothing"),
    Difference("transit-import-details", "no key at all", "body.errors.0", _GO_WORDS),
    Difference("transit-import-details", "version: no pair", "body.errors.0", "a key of another curve is told as such"),
    Difference("transit-import-details", "derived without *", "*", "a key is told from one that can be derived from"),
    Difference("transit-import-details", "rotating too often", "*", "an imported key rotates no faster than others"),
    Difference("transit-key-validation", "import *", "*", "a key that is none, or protects nothing, is told so"),
    Difference("transit-restore-details", "back up", "body.data.backup.cryptoserve.encryptions*", _COUNT),
    *(Difference(scenario, "*", "body.cryptoserve_version", _OWN_VERSION) for scenario in _TELLING_THE_STATE),
    *(Difference(scenario, "*", "body.data.encryptions*", _COUNT) for scenario in _READING_USED_KEYS),
    Difference("transit-sign-parameters", "sign with a long path", "*", _ONE_SEGMENT),
    Difference("transit-random", "too deep", "*", _ONE_SEGMENT),
    Difference("acl-plus", "* POST {m}/hash/sha2-512/x", "*", _ONE_SEGMENT),
    Difference(
        "auth-token-roles", "beyond a role's limit", "*", "no token is made that a role's limit doesn't hold for"
    ),
    Difference("auth-token-roles-limits", "renew lesser-explicit", "body.*", _OWN_END),
    Difference("auth-token-roles-limits", "renewed lesser-explicit", "body.data.ttl", _OWN_END),
    Difference("auth-token-roles-limits", "renew lifted", "*", _OWN_END),
    Difference("auth-token-roles-limits", "renewed lifted", "body.data.ttl", _OWN_END),
    Difference("auth-token-roles-limits", "renew own for longer", "body.auth.lease_duration", _OWN_PERIOD),
    Difference("auth-token-roles-limits", "renewed own for longer", "body.data.ttl", _OWN_PERIOD),
    Difference("auth-userpass-users", "bad name", "*", "a path that isn't there tells so to those with a token"),
    Difference("auth-userpass-users", "deep name", "*", "a path that isn't there tells so to those with a token"),
    Difference("auth-userpass-users", "renew when gone", "*", "a token that isn't renewed is no success"),
    Difference("auth-lockout", "wrong for nobody 3", "*", "a lock doesn't tell which names exist"),
    Difference("auth-jwt-config", "write a provider that is nobody", "body.errors.0", _GO_WORDS),
    Difference("auth-jwt-logins", "two parts", "body.errors.0", _GO_WORDS),
    Difference("auth-jwt-templates", "refuse *", "*", _TEMPLATES),
    Difference("auth-jwt-templates", "change to what is none", "*", _TEMPLATES),
    Difference("auth-jwt-templates", "templates again", "*", _TEMPLATES),
    *(
        Difference("auth-jwt-templates", f"log in {name}", "*", _TEMPLATES)
        for name in ("no such claim", "no such member", "a member of a text", "an element beyond", "null")
    ),
    Difference("auth-jwt-templates", "log in a list", "*", "a list can't be written as one name"),
    Difference("auth-jwt-config", "read after *", "body.warnings.0", _GO_WORDS),
    Difference("auth-approle-logins", "log in *", "body.errors.0", _SLIP),
    Difference("auth-approle-secrets", "generate with a * network", "body.errors.0", _SLIP),
    Difference("auth-approle-secrets", "generate with a token's wider network", "body.errors.0", _SLIP),
    Difference("auth-approle-properties", "bound_cidr_list then", "body.data.bound_cidr_list*", _OWN_VALUE),
    Difference("auth-approle-properties", "bind secret id", "*", _OWN_VALUE),
    Difference(
        "auth-approle-roles", "* batch with an old period", "*", "a batch token has no period, whatever it is called"
    ),
    Difference("auth-approle-properties", "negative token_num_uses", "*", "nobody has fewer than no uses"),
    Difference("sys-mounts-listing", "show with *", "body.*identity/*", "no default rights to an OpenID provider"),
    Difference("identity-lists", "in part: *", "body.warnings*", "lists of identities are given in parts too"),
    Difference("identity-aliases", "read who had two", "body.data.aliases.0.custom_metadata", _NO_VALUES),
    Difference("identity-alias-metadata", "read after its entity changed", "body.data.custom_metadata", _NO_VALUES),
    Difference("identity-merge", "read*", "body.data.*custom_metadata", _NO_VALUES),
    Difference("identity-groups", "read without the member", "body.data.member_entity_ids", _NO_VALUES),
    Difference("identity-jwt-groups", "dev has none", "body.data.member_entity_ids", _NO_VALUES),
    Difference("identity-merge", "clash", "body.data.*", "what clashes is said in the message"),
    Difference("identity-merge", "read the group", "body.data.modify_index", "one change counts as one"),
    Difference(
        "identity-merge", "read merged twice", "body.data.aliases.*", "of two aliases, one is kept if that is asked"
    ),
    Difference("acl-spellings", "GET auth/{m}/users/ann", "*", _SPELT),
    Difference("acl-spellings", "GET sys/mounts/%*", "*", _SPELT),
    Difference("acl-spellings", "GET sys/mounts/{m}/", "*", _SPELT),
    Difference("acl-meanings", "list", "*", _MEANT),
    Difference("acl-meanings", "case", "*", _MEANT),
    Difference("acl-meanings", "commas", "*", _MEANT),
    Difference("acl-meanings", "older name", "*", _MEANT),
    Difference("acl-meanings", "seconds", "*", _MEANT),
    Difference("acl-meanings", "allowed list", "*", _MEANT),
    Difference("acl-meanings", "allowed with another", "*", _MEANT),
    Difference("wrapping-assignment", "an entity", "*", "identity can't give the policy of wrapping tokens, nor root"),
    Difference("wrapping-assignment", "a group", "*", "identity can't give the policy of wrapping tokens, nor root"),
    Difference("identity-templates", "value 6", "*", _MISLEADING),
    Difference("identity-templates", "* allowed", "body.*", _MISLEADING),
    Difference("namespaces-names", "make ROOT", "*", _READS_LIKE),
    Difference("namespaces-names", "make Root", "*", _READS_LIKE),
    Difference("namespaces-names", "make SYS", "*", _READS_LIKE),
    Difference("namespaces-tokens", "*", "body.*.entity_id", _ENTITY_IDS),
    Difference("namespaces-named", "* from a namespace", "*", _FROM_ABOVE),
    Difference("namespaces-named", "* by accessor from *", "*", "an accessor tells nothing of other namespaces"),
)


NOT_YET: Mapping[str, str] = {}
"""Scenario -> what is missing."""
