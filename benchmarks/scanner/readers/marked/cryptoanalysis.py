"""Programs by which CryptoAnalysis is tested: those of Braga and others, whose folders and files name what they show.

Folders of good uses count for the class that they avoid. Not read are folders about what has no class here: unkeyed
hashes for integrity, times of comparisons, providers, printed keys, combinations of encryption and MAC.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.scanner.cases import Case, Labelled, Place, checked

_PROGRAMS = "CryptoAnalysisTargets/BragaCryptoBench"

_MISUSES = (
    (r"predictableSeed/.*/LowEntropySeed", ("static-seed", "weak-random")),
    (r"(fixedSeed/.*|weakSignatureECDSA/.*/RepeatedMessageNonceECDSA_[23])", ("static-seed",)),
    (r"statisticPRNG/", ("weak-random",)),
    (r"(insecurePadding|deterministicCrypto)/|.*/InsecureDefaultRSA", ("weak-padding",)),
    (r"insecureDefault/.*/InsecureDefaultAES|deterministicSymEnc/", ("ecb-mode",)),
    (r"insecureDefault/.*/InsecureDefault3DES|nullcipher/", ("weak-cipher",)),
    (r"riskyInsecureCrypto/|.*/InsecureDefaultPBE", ("weak-cipher", "weak-kdf")),
    (r"brokenInsecure(Hash|MAC)/|.*/PSSwSHA1|weakSignatureRSA/.*xSHA1_", ("weak-hash",)),
    (r"constantIV/|staticCounterCTR/", ("static-iv",)),
    (r"buggyIVgen/|nonceReuse/", ("nonce-reuse", "static-iv")),
    (r"keyReuseInStreamCipher/.*[1-4]\.java", ("static-iv", "static-seed")),
    (r"keyReuseInStreamCipher/.*5\.java", ("nonce-reuse",)),
    (r"(ImproperKeyLen|insecurecurves|weakSignatureRSA)/|.*/SUN_80bits_ECDSA112", ("weak-key-size",)),
    (r"weakConfigsRSA/.*RSA_(1024|768|512|384)x|issuesDHandECDH/.*_(512|1024|80)\.", ("weak-key-size",)),
    (r"constantKey/|constPwd4PBE/", ("hardcoded-key",)),
    (r"paramsPBE/.*/PBEwConstSalt", ("static-salt",)),
    (r"paramsPBE/.*/PBEwSmallCount", ("low-kdf-iterations",)),
    (r"brokenSSLorTLS/.*/SSLctxNoKeyMgmtNoTrustMgmt[3-6]", ("disabled-certificate-check",)),
)
"""By the beginning of a file's path: the classes that count for a misuse, the first of them to report under."""

_GOOD_USES = (
    (r"avoidInsecure(PaddingSign|MAC|Hash)/|digSignRSA/", ("weak-hash",)),
    (r"securecurves/.*(224|233|239|256|283|384|409|521|571)|DHandECDH/", ("weak-key-size",)),
    (r"(secureConfigsRSA|avoidImproperKeyLen|digSignRSA)/", ("weak-key-size",)),
    (r"avoidInsecurePadding/|secureConfigsRSA/|.*/Use(OAEPForRSA|Qualified(Params|Name)ForRSAOAEP)", ("weak-padding",)),
    (r"avoid(HardcodedKeys|ConstantPwdPBE)/", ("hardcoded-key",)),
    (r"avoidFixedPredictableSeed/", ("static-seed",)),
    (r"avoidStatisticPRNG/", ("weak-random",)),
    (r"randomIV/|avoidKeyReuseInStreams/|.*/GenerateRandomIV", ("static-iv", "nonce-reuse")),
    (r"avoidInsecureDefaults/.*/UseExplicit", ("ecb-mode",)),
    (r"completeValidation/", ("disabled-certificate-check",)),
    (r".*/PBEwLargeCountAndRandomSalt", ("static-salt",)),
)


def read(copy: Path, scratch: Path) -> Labelled:
    """The programs' files, one case for each class that a file is about."""
    programs = copy / _PROGRAMS
    weak = _cases(programs / "cryptomisuses", _MISUSES, weak=True)
    sound = _cases(programs / "cryptogooduses", _GOOD_USES, weak=False)
    return checked(programs, [*weak, *sound])


def _cases(folder: Path, classes: tuple[tuple[str, tuple[str, ...]], ...], *, weak: bool) -> Iterator[Case]:
    for path in sorted(folder.rglob("*.java")):
        name = path.relative_to(folder).as_posix()
        for pattern, accepted in classes:
            if re.match(pattern, name):
                yield Case(accepted[0], weak, (Place(path),), frozenset(accepted))
