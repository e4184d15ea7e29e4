import os

import joserfc.jwk
import joserfc.jwt
import jwt
from authlib.jose import JsonWebEncryption, JsonWebToken
from authlib.jose import jwt as authlib_jwt
from jose import jwe
from jose import jwt as jose_jwt

SECRET = "a secret of the application"


def signed(payload, key):
    jwt.encode(payload, key, algorithm="ES256")  # finds: use:ECDSA
    jwt.encode(payload, key)  # finds: use:HMAC-SHA-256
    jwt.encode(payload, SECRET, algorithm="HS512")  # finds: use:HMAC-SHA-512 hardcoded-key
    jwt.encode(payload, None, algorithm="none")  # finds: unverified-signature
    jose_jwt.encode(payload, "secret", algorithm="HS256")  # finds: use:HMAC-SHA-256 hardcoded-key
    authlib_jwt.encode({"alg": "RS256"}, payload, key)  # finds: use:RSA


def verified(token, key):
    jwt.decode(token, key, algorithms=[jwt.get_unverified_header(token)["alg"]])  # finds: use:JSON_Web_Signature
    jwt.decode(token, key, algorithms=["ES256"])  # finds: use:ECDSA
    jwt.decode(token, key, algorithms=["HS256", "none"])  # finds: use:HMAC-SHA-256 unverified-signature
    jwt.decode(token, key, algorithms=["ES256"], options={"verify_exp": False})  # finds: use:ECDSA
    jose_jwt.decode(token, key, algorithms="RS256")  # finds: use:RSA


def unverified(token, key):
    jwt.decode(token, key, algorithms=["RS256"], options={"verify_signature": False})  # finds: use:RSA unverified-signature
    jwt.decode(token, options={"verify_signature": False})  # finds: unverified-signature
    jwt.decode(token, verify=False)  # finds: unverified-signature
    jose_jwt.get_unverified_claims(token)  # finds: unverified-signature
    jwt.get_unverified_header(token)


def with_joserfc(claims, key, header, algorithm):
    joserfc.jwt.encode({"alg": "HS256"}, claims, key)  # finds: use:HMAC-SHA-256
    joserfc.jwt.encode(header, claims, key, [algorithm])  # finds: use:JSON_Web_Signature
    joserfc.jwt.encode({"alg": "none"}, claims, key, algorithms=["none"])  # finds: unverified-signature


def made_keys(data, key):
    joserfc.jwk.RSAKey.generate_key(1024)  # finds: use:RSA weak-key-size
    joserfc.jwk.ECKey.generate_key("P-384")  # finds: use:EC
    joserfc.jwk.OKPKey.generate_key("Ed25519")  # finds: use:Ed25519
    joserfc.jwk.generate_key("EC", "P-256")  # finds: use:EC
    jwe.encrypt(data, key, algorithm="RSA1_5", encryption="A128CBC-HS256")  # finds: use:RSA use:AES weak-padding
    jwe.encrypt(data, key, algorithm="RSA-OAEP-256", encryption="A256GCM")  # finds: use:RSA use:AES


def with_what_is_configured(claims, header, token, key, config):
    jwt.encode(claims, key, algorithm=config["algorithm"])  # finds: use:JSON_Web_Signature
    authlib_jwt.encode(header, claims, key)  # finds: use:JSON_Web_Signature
    authlib_jwt.decode(token, key)  # finds: use:JSON_Web_Signature
    JsonWebToken(["ES256"]).decode(token, key)  # finds: use:ECDSA
    JsonWebToken([config["algorithm"]]).decode(token, key)  # finds: use:JSON_Web_Signature


def encrypted(payload, key):
    JsonWebEncryption().serialize_compact({"alg": "RSA1_5", "enc": "A256GCM"}, payload, key)  # finds: use:RSA use:AES weak-padding


def from_the_environment(claims):
    secret = os.getenv("JWT_SECRET", "")
    jwt.encode(claims, secret, algorithm="HS256")  # finds: use:HMAC-SHA-256
    return jwt.encode(claims, "", algorithm="HS256")  # finds: use:HMAC-SHA-256 unverified-signature


def chosen_key(token, keys):
    unverified = jwt.decode(token, options={"verify_signature": False})
    return jwt.decode(token, keys[unverified["iss"]], algorithms=["HS256"])  # finds: use:HMAC-SHA-256


def with_python_jwt(token, key):
    import python_jwt

    python_jwt.generate_jwt({}, key, "PS256")  # finds: use:RSA
    return python_jwt.verify_jwt(token, key, ["PS256"])  # finds: use:RSA


def taken_apart(token):
    import python_jwt

    python_jwt.verify_jwt(token)  # finds: use:JSON_Web_Signature unverified-signature
    return python_jwt.process_jwt(token)


def read_only(token):
    import python_jwt

    return python_jwt.process_jwt(token)  # finds: use:JSON_Web_Signature unverified-signature


def without_an_algorithm(token, algorithms):
    jwt.decode(token, "verifies tokens", verify=True)  # finds: use:JSON_Web_Signature hardcoded-key
    jwt.decode(token, "verifies tokens")  # finds: use:JSON_Web_Signature hardcoded-key
    return jwt.decode(token, key="verifies tokens", algorithms=algorithms)  # finds: use:JSON_Web_Signature hardcoded-key
