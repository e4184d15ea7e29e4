"""Hostile values, as data: each is a unit that is repeated until the value has the size asked for.

A shape is made to be slow for one kind of reader, and is sent to all of them: what a field parses changes, and the
table needn't know. ``TEXTS`` become JSON strings, ``VALUES`` are JSON as they stand, ``BODIES`` whole bodies,
``PATHS`` what a path or a query holds, and ``HEADERS`` what stands in a header. A new shape is a line.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

_TRIED = 1000


@dataclass(frozen=True, slots=True)
class Shape:
    """``before``, the unit as often as the size takes, ``closing`` as often, ``after``.

    ``%d`` in the unit stands for the number of its repetition, for what has to be different each time. Without a unit,
    the size means nothing.
    """

    name: str
    unit: str
    before: str = ""
    after: str = ""
    closing: str = ""

    def text(self, size: int) -> str:
        """The value, of about ``size`` characters."""
        if not self.unit:
            return self.before
        count = max(1, (size - len(self.before) - len(self.after)) // (len(self.unit) + len(self.closing)))
        units = self.unit * count
        if "%d" in self.unit:
            numbers = range(size // (len(self.unit) + 3) + 1)
            units = "".join([self.unit.replace("%d", str(number)) for number in numbers])
        return self.before + units + self.closing * count + self.after

    def string(self, size: int) -> bytes:
        """The value as a JSON string in UTF-8, of about ``size`` bytes."""
        encoded = json.dumps(self.text(_TRIED), ensure_ascii=False).encode()
        return json.dumps(self.text(size * _TRIED // len(encoded)), ensure_ascii=False).encode()

    def raw(self, size: int) -> bytes:
        """The value as it stands; characters up to ``\\xff`` are bytes."""
        return self.text(size).encode("latin-1")


def _base64(*data: int) -> str:
    return base64.b64encode(bytes(data)).decode()


def _encoded(text: str) -> str:
    """``text`` in base64, with blanks behind it, so that more base64 may follow."""
    return _base64(*(text + " " * (-len(text) % 3)).encode())


def _framed(label: str) -> tuple[Shape, ...]:
    """A PEM block whose content is blanks, lines without end, and headers; and many that have none."""
    begin, end = f"-----BEGIN {label}-----", f"-----END {label}-----"
    return (
        Shape(f"blanks in {label}", " ", begin, end),
        Shape(f"line breaks in an open {label}", "\n", begin),
        Shape(f"empty blocks of {label}", f"{begin}\n{end}\n"),
        Shape(f"base64 in {label}", "MIIB", f"{begin}\n", f"\n{end}\n"),
        Shape(f"beginnings of {label}", f"{begin}\n"),
    )


GENERAL = (
    Shape("letters", "a"),
    Shape("digits", "9"),
    Shape("zeros", "0"),
    Shape("blanks", " "),
    Shape("blanks before a letter", " ", after="a"),
    Shape("line breaks", "\n"),
    Shape("control characters", "\x01"),
    Shape("quotes and backslashes", '\\"'),
    Shape("accents", "é"),
    Shape("letters outside the BMP", "\U0001f511"),
    Shape("letters that grow in lower case", "İ"),
    Shape("letters that grow in normal form", "\ufdfa"),
    Shape("combining marks in the wrong order", "\u0300\u0323", "a"),
)
"""What any reader of text may stumble over."""

SEPARATORS = tuple(
    Shape(f"repeated {unit!r}", unit)
    for unit in (
        ",", "a,", " ,", ",a%d", "a/", "//", "../", "%2f", "a=b,", "a*0=b;", ";", "a:", ".", "a.", "-", "a-", "~1", "_",
        "=", "*", "a*", "*a", "+/", "?", "{{", "{{a}}", "{{identity.entity.metadata.a}}", "}}", "${", "%{", "{", "[",
        "(", "<",
    )
)  # fmt: skip
"""What readers split at, count, nest by or replace."""

DURATIONS = (
    Shape("hours", "1h"),
    Shape("digits of seconds", "9", after="s"),
    Shape("digits of days", "9", after="d"),
    Shape("decimals of an hour", "9", "0.", "h"),
    Shape("signs", "-", after="1s"),
    Shape("unknown units", "x", "1"),
    Shape("an exponent", "9", "1e"),
    Shape("underscores in a number", "1_", after="1"),
    Shape("hexadecimal digits", "f", "0x"),
    Shape("decimals of a time stamp", "9", "2026-01-01T00:00:00.", "Z"),
    Shape("digits of a year", "9", after="-01-01T00:00:00Z"),
)

ADDRESSES = (
    Shape("networks", "10.0.0.0/8,"),
    Shape("different networks", "10.%d.0.0/16,"),
    Shape("digits of a prefix", "9", "10.0.0.0/"),
    Shape("groups of an address", "0:"),
    Shape("double colons", "::1,"),
    Shape("names of a host", "a.", "https://", "/"),
    Shape("users of a URL", "a@", "https://"),
    Shape("an open bracket in a URL", "[", "https://"),
    Shape("digits of a port", "9", "https://a:"),
    Shape("escapes in a URL", "%41", "https://a/"),
    Shape("punycode", "xn--a.", "https://"),
)

PEM = tuple(
    shape
    for label in (
        "CERTIFICATE", "CERTIFICATE REQUEST", "CMS", "PUBLIC KEY", "PRIVATE KEY", "X509 CRL",
        "PGP PUBLIC KEY BLOCK", "-",
    )
    for shape in _framed(label)
)  # fmt: skip

DER = (
    Shape("nested sequences", _base64(0x30, 0x80, 0x30, 0x80, 0x30, 0x80)),
    Shape("empty sequences", _base64(0x30, 0, 0x30, 0, 0x30, 0)),
    Shape("a length beyond the end", "AAAA", _base64(0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF)),
    Shape("a huge integer", "////", _base64(0x30, 0x83, 0x0C, 0, 0, 0x02) + _base64(0x83, 0x0B, 0xF0, 0)[:4]),
    Shape("an object identifier without end", "////", _base64(0x06, 0x83, 0x0B)),
    Shape("nested CBOR arrays", _base64(0x81, 0x81, 0x81)),
    Shape("nested CBOR tags", _base64(0xC6, 0xC6, 0xC6)),
    Shape("a CBOR array without end", _base64(0x00, 0x00, 0x00), _base64(0x9A, 0, 0x0F, 0xFF, 0xFF, 0)[:4]),
    Shape("a CBOR number of many bytes", "////", _base64(0xC2, 0x5A, 0, 0x0B, 0xF0, 0)),
    Shape("an OpenPGP packet", "////", _base64(0xC6, 0xFF, 0, 0x0B, 0xF0, 0)),
)
"""What is base64 of something binary, and almost right."""

ENCODED = (
    Shape("base64", "AAAA"),
    Shape("base64 with line breaks", "AAA\n"),
    Shape("base64 that ends wrong", "AAAA", after="A=A"),
    Shape("base64url", "-_-_"),
    Shape("hexadecimal", "0f"),
    Shape("a ciphertext", "AAAA", "vault:v1:"),
    Shape("a version without end", "9", "vault:v", ":AAAA"),
    Shape("a ciphertext of parts", "vault:v1:"),
    Shape("parts of a token", "eyJh."),
    Shape("a header of a token", "Jh", "eyJhbGciOiJub25lIiwiYSI6I", ".e30."),
    Shape("a nested header of a token", _encoded('{"a":'), _encoded('{"alg":"ES256","a":'), ".e30.AAAA"),
    Shape("keys of a token's header", _encoded('"a":1,'), _encoded('{"alg":"ES256",'), ".e30.AAAA"),
    Shape("nested objects in base64", _encoded('{"a":')),
    Shape("nested lists in base64", _encoded("["), closing=_encoded("]")),
    Shape("numbers in base64", _encoded("1,"), _encoded("["), _encoded("1]")),
    Shape("keys of a backup", _encoded('"a":1,'), _encoded('{"policy":{'), _encoded('"b":1}}')),
    Shape("letters of a backup", _encoded("aaa"), _encoded('{"policy":{"name":"'), _encoded('"}}')),
    Shape("a password's cost", "9", "$argon2id$v=19$m=", ",t=1,p=1$AAAAAAAA$AAAAAAAA"),
    Shape("a password's iterations", "9", "$pbkdf2-sha256$i=10000000$", "$AAAA"),
)

LANGUAGES = (
    Shape("JSON: arrays", "[", closing="]"),
    Shape("JSON: open arrays", "["),
    Shape("JSON: objects", '{"a":', "", "1", ""),
    Shape("JSON: keys", '"a%d":1,', "{", '"z":1}'),
    Shape("JSON: numbers", "1,", "[", "1]"),
    Shape("JSON: a number", "9"),
    Shape("JSON: an exponent", "9", "1e"),
    Shape("JSON: escapes", "\\u0041", '{"a":"', '"}'),
    Shape("JSON: almost valid", '{"a":1},', "[", "]"),
    Shape("HCL: open blocks", 'path "a" {'),
    Shape("HCL: blocks", 'path "a%d" { capabilities = ["read"] }\n'),
    Shape("HCL: one block again", 'path "a" { capabilities = ["read"] }\n'),
    Shape("HCL: stars", "*", 'path "', '" { capabilities = ["read"] }'),
    Shape("HCL: plusses", "+/", 'path "', '" { capabilities = ["read"] }'),
    Shape("HCL: parameters", '"a%d" = [],', 'path "a" { denied_parameters = {', "} }"),
    Shape("HCL: values of a parameter", '"a%d*",', 'path "a" { denied_parameters = { "b" = [', "] } }"),
    Shape("HCL: templates", "{{identity.entity.id}}", 'path "', '" { capabilities = ["read"] }'),
    Shape("HCL: comments", "/*"),
    Shape("HCL: hashes", "#\n"),
    Shape("HCL: heredocs", "<<A\n"),
    Shape("HCL: an open heredoc", "a\n", "a = <<A\n"),
    Shape("HCL: interpolations", "${", 'a = "'),
    Shape("HCL: escapes", "\\u0041", 'a = "', '"'),
    Shape("HCL: lists", "[", "a = "),
    Shape("HCL: numbers", "1 = 1\n"),
    Shape("HCL: a number", "9", "a = "),
    Shape("HCL: a length", "9", "length = ", '\nrule "charset" { charset = "a" }'),
    Shape("HCL: charsets", 'rule "charset" { charset = "a" }\n', "length = 20\n"),
    Shape("HCL: a charset", "a", 'length = 20\nrule "charset" { charset = "', '" }'),
    Shape("regular expression: groups", "(a+)+", "^", "$"),
    Shape("regular expression: choices", "a|"),
    Shape("regular expression: repetitions", ".*", after="b"),
    Shape("template: places", "{{ iss }}"),
    Shape("names of a subject", "CN=a,"),
    Shape("SSH keys", "ssh-ed25519 AAAA\n"),
)

TEXTS = (*GENERAL, *SEPARATORS, *DURATIONS, *ADDRESSES, *PEM, *DER, *ENCODED, *LANGUAGES)

AMPLIFIERS = tuple(
    Shape(f"the number {number}", "", number)
    for number in ("0", "-1", "1", "255", "1000", "65535", "100000", "2147483647", "9223372036854775807", "1e300")
)
"""Numbers that make work: few bytes that a loop, a list or an allocation may take at their word."""

FAMILIES = (
    (r"cert|csr|chain|public_key|pem|crl|cms|pgp|pubkeys", (*PEM, *DER)),
    (r"ttl|period|interval|lease|increment|max_age|leeway|not_|skew|expiration|publish|keep", DURATIONS),
    (r"cidr|url|uri|issuer|origin|addr|host|path|from|to\b", ADDRESSES),
    (r"polic|rules|claims|metadata|config|options|glob|names|template", LANGUAGES),
    (r"backup|token|jwt|jws|key|signature|hmac|cmac|text|input|payload|message|context|secret|password", ENCODED),
)
"""What a field's name tells of what it parses; all of these are tried on it, and some of the others by chance."""

VALUES = (
    Shape("a long number", "9"),
    Shape("a number with many decimals", "9", "0."),
    Shape("a huge exponent", "9", "1e"),
    Shape("a tiny exponent", "9", "1e-"),
    Shape("many huge exponents", "1e308,", "[", "1]"),
    Shape("overflowing exponents", "1e999999,", "[", "1]"),
    Shape("escapes", "\\u0041", '"', '"'),
    Shape("escapes and a lone surrogate", "\\u0041", '"', '\\ud800"'),
    Shape("lone surrogates", "\\udc00", '"', '"'),
    Shape("pairs of surrogates", "\\ud83d\\ude00", '"', '"'),
    Shape("invalid UTF-8", "\xff", '"', '"'),
    Shape("overlong UTF-8", "\xc0\xaf", '"', '"'),
    Shape("a list of letters", '"a",', "[", '"z"]'),
    Shape("a list of different names", '"a%d",', "[", '"z"]'),
    Shape("a list of networks", '"10.0.%d.0/24",', "[", '"10.0.0.0/8"]'),
    Shape("a list of pairs", '"a%d=b",', "[", '"z=b"]'),
    Shape("a list of globs", '"a*%d",', "[", '"z*"]'),
    Shape("a list of numbers", "1,", "[", "1]"),
    Shape("a list of empty texts", '"",', "[", '""]'),
    Shape("a list of lists", "[],", "[", "[]]"),
    Shape("a list of objects", "{},", "[", "{}]"),
    Shape("a list of objects with keys", '{"a":"b"},', "[", "{}]"),
    Shape("a list of null", "null,", "[", "null]"),
    Shape("nested lists", "[", closing="]"),
    Shape("nested objects", '{"a":', "", "1", ""),
    Shape("keys", '"a%d":"b",', "{", '"z":"b"}'),
    Shape("keys of objects", '"a%d":{},', "{", '"z":{}}'),
    Shape("the same key", '"a":"b",', "{", '"a":"b"}'),
    Shape("a long key", "a", '{"', '":1}'),
)
"""JSON that isn't just a text. ``nested objects`` lacks its ends, and is refused by the parser."""

BODIES = (
    Shape("blanks", " "),
    Shape("blanks before an object", " ", after="{}"),
    Shape("blanks behind an object", " ", "{}"),
    Shape("lists", "[", closing="]"),
    Shape("open lists", "["),
    Shape("open objects", '{"a":'),
    Shape("open objects in lists", '[{"a":'),
    Shape("different keys", '"a%d":1,', "{", '"z":1}'),
    Shape("the same key", '"a":1,', "{", '"a":1}'),
    Shape("numbers", "1,", '{"a":[', "1]}"),
    Shape("negative zeros", "-0.0,", '{"a":[', "1]}"),
    Shape("long decimals", "0.1234567890123456789,", '{"a":[', "1]}"),
    Shape("numbers beyond 64 bits", "18446744073709551616,", '{"a":[', "1]}"),
    Shape("overflowing exponents", "1e999,", '{"a":[', "1]}"),
    Shape("numbers with leading zeros", "01,", '{"a":[', "1]}"),
    Shape("numbers and a broken end", "1,", '{"a":[', "1"),
    Shape("texts and a broken end", '"a",', '{"a":[', "}"),
    Shape("keys and a broken end", '"a%d":1,', "{", "}"),
    Shape("escapes", "\\u0041", '{"a":"', '"}'),
    Shape("escaped keys", '"\\u0061%d":1,', "{", '"z":1}'),
    Shape("escapes and a lone surrogate", "\\u0041", '{"a":"', '\\ud800"}'),
    Shape("lone surrogates in a list", '"\\ud800",', '{"a":[', '""]}'),
    Shape("bad escapes", "\\x", '{"a":"', '"}'),
    Shape("invalid UTF-8", "\xff", '{"a":"', '"}'),
    Shape("byte order marks", "\xef\xbb\xbf"),
    Shape("nul bytes", "\0"),
    Shape("objects behind each other", "{}"),
    Shape("quotes", '"'),
    Shape("true", "true", "{"),
    Shape("comments", "/**/", "{"),
    Shape("a form's fields", "a%d=b&"),
    Shape("a form's field again", "a=b&"),
    Shape("a form's escapes", "%41", "a="),
    Shape("a form's broken escapes", "%", "a="),
    Shape("a form's plusses", "+", "a="),
    Shape("lines", "{}\n"),
    Shape("lines of nothing", "\n"),
    Shape("lines of numbers", "1\n"),
)
"""Whole bodies, whatever the path; they are sent as JSON, as a form, as a merge patch and as lines."""

PATHS = (
    Shape("letters", "a"),
    Shape("segments", "a/"),
    Shape("empty segments", "/"),
    Shape("dots", "./"),
    Shape("two dots", "../", "a/"),
    Shape("dots in a name", "a.", after="a"),
    Shape("hyphens in a name", "a-", after="/"),
    Shape("escapes", "%41"),
    Shape("escaped slashes", "a%2f"),
    Shape("escaped dots", "%2e%2e/"),
    Shape("escapes of escapes", "%25"),
    Shape("broken escapes", "%"),
    Shape("escaped invalid UTF-8", "%ff"),
    Shape("escaped letters", "%c3%a9"),
    Shape("escaped nul bytes", "%00"),
    Shape("escaped line breaks", "%0a"),
    Shape("plusses", "+/"),
    Shape("stars", "*/"),
    Shape("braces", "{a}/"),
    Shape("semicolons", ";a"),
    Shape("digits", "9"),
)
"""Parts of a path or of a query."""

HEADERS = (
    *GENERAL[:6],
    *(shape for shape in SEPARATORS if shape.text(1).isprintable()),
    *DURATIONS,
    *ADDRESSES,
    *ENCODED,
    Shape("bytes beyond ASCII", "\xff"),
    Shape("tabs", "\t", "a"),
    Shape("a quoted text", '\\"', 'a;b="', '"'),
    Shape("an open quoted text", '\\"', 'a;b="'),
    Shape("parameters", "a%d=b;", "application/form;"),
    Shape("numbered parameters", "a*%d=b;", "application/form;"),
    Shape("encoded parameters", "a*=UTF-8''%41;", "application/form;"),
    Shape("one parameter", "b", "application/form;a="),
    Shape("a bearer token", "a", "Bearer "),
    Shape("blanks in a bearer token", " ", "Bearer ", "a"),
    Shape("a service token", "A", "hvs."),
    Shape("a batch token", "AAAA", "hvb."),
    Shape("chunked", "chunked,", after="chunked"),
    Shape("hops", "10.0.0.1, "),
    Shape("a namespace", "a/"),
)
"""Values of headers: no line breaks in them."""
