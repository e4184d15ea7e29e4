import os

import flask

from aiohttp_session.cookie_storage import EncryptedCookieStorage
from django.contrib.auth.hashers import PBKDF2PasswordHasher, check_password, make_password
from django.core import signing
from django.utils.crypto import get_random_string, pbkdf2, salted_hmac
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi_users.authentication import JWTStrategy
from flask import Flask
from flask_bcrypt import Bcrypt
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from pyramid.session import SignedCookieSessionFactory
from starlette.middleware.sessions import SessionMiddleware
import tornado.web
from werkzeug.security import check_password_hash, generate_password_hash

app = Flask(__name__)
app.secret_key = "supersecret"  # finds: use:HMAC-SHA-1 hardcoded-key
app.config["SECRET_KEY"] = "abc123"  # finds: use:HMAC-SHA-1 hardcoded-key
app.config["SECRET_KEY"] = os.environ["SECRET"]  # finds: use:HMAC-SHA-1
app.config["DEBUG"] = "abc123"
app.config.update(SECRET_KEY="abc")  # finds: use:HMAC-SHA-1 hardcoded-key
serializer = URLSafeTimedSerializer("secret-key")  # finds: use:HMAC-SHA-1 hardcoded-key
signer = TimestampSigner(os.environ["SECRET"])  # finds: use:HMAC-SHA-1

generate_password_hash("x")  # finds: use:scrypt
generate_password_hash("x", method="md5")  # finds: use:MD5 weak-hash weak-kdf
generate_password_hash("x", "pbkdf2:sha1:1000")  # finds: use:PBKDF2 low-kdf-iterations
check_password_hash("a", "b")  # finds: use:scrypt
Bcrypt(app).generate_password_hash("x", 4)  # finds: use:bcrypt low-kdf-iterations

make_password("x", hasher="md5")  # finds: use:MD5 weak-hash weak-kdf
make_password("x", os.urandom(8), "unsalted_md5")  # finds: use:CSPRNG weak-kdf
check_password("a", "b")  # finds: use:PBKDF2
signing.dumps({})  # finds: use:HMAC-SHA-256
salted_hmac("salt", "value")  # finds: use:HMAC-SHA-1
pbkdf2(os.environ["P"], os.urandom(16), 1000)  # finds: use:CSPRNG use:PBKDF2 low-kdf-iterations
get_random_string(12)  # finds: use:CSPRNG


service = FastAPI()
service.add_middleware(SessionMiddleware, secret_key="signs sessions")  # finds: use:HMAC-SHA-1 hardcoded-key
service.add_middleware(SessionMiddleware, secret_key=os.environ["SECRET"])  # finds: use:HMAC-SHA-1
service.add_middleware(CORSMiddleware, allow_origins=["secret_key"])
tornado.web.Application([], cookie_secret="signs cookies")  # finds: use:HMAC-SHA-256 hardcoded-key
SECRET_KEY = "of a module that isn't one of settings"


class TestingConfig:
    SECRET_KEY = "signs sessions"  # finds: use:HMAC hardcoded-key
    TESTING = "signs sessions"


class Door:
    SECRET_KEY = "under the mat"


class FastHasher(PBKDF2PasswordHasher):
    algorithm = "fast"
    iterations = 1000  # finds: use:PBKDF2 low-kdf-iterations


class SlowHasher(PBKDF2PasswordHasher):
    iterations = 1_200_000  # finds: use:PBKDF2


def iterations_elsewhere():
    iterations = 1000
    return iterations


EncryptedCookieStorage(b"Thirty  two  length  bytes  key.")  # finds: use:Fernet hardcoded-key
EncryptedCookieStorage(os.environb[b"COOKIE_KEY"])  # finds: use:Fernet
SignedCookieSessionFactory("a secret of the program")  # finds: use:HMAC-SHA-512 hardcoded-key
JWTStrategy(secret="a secret of the program", lifetime_seconds=3600)  # finds: use:HMAC-SHA-256 hardcoded-key
generate_password_hash("x", "pbkdf2:sha256:600000")  # finds: use:PBKDF2
generate_password_hash("x", method="pbkdf2:sha512:5000")  # finds: use:PBKDF2 low-kdf-iterations

app.config.update({"SECRET_KEY": "abc"})  # finds: use:HMAC-SHA-1 hardcoded-key
app.config.from_mapping(dict(JWT_SECRET_KEY="abc"))  # finds: use:HMAC-SHA-1 hardcoded-key
app.config.update({"DEBUG": "abc"})


def change():
    flask.current_app.config["SECRET_KEY"] = "abc"  # finds: use:HMAC-SHA-1 hardcoded-key
    flask.current_app.secret_key = os.environ["SECRET"]  # finds: use:HMAC-SHA-1


def set_up(made, config):
    made.config["SECRET_KEY"] = "signs sessions"  # finds: use:HMAC-SHA-1 hardcoded-key
    made.app.config["JWT_SECRET_KEY"] = os.environ["SECRET"]  # finds: use:HMAC-SHA-1
    made.config["NAME"] = "signs sessions"
    made.table["SECRET_KEY"] = "under the mat"
    config["NAME"] = "signs sessions"


app.config["TOKEN_KEY"] = "signs tokens"


def token(claims):
    import jwt

    jwt.encode(claims, app.config["TOKEN_KEY"], "HS256")  # finds: use:HMAC-SHA-256 hardcoded-key
    return jwt.encode(claims, app.config["OTHER_KEY"], "HS256")  # finds: use:HMAC-SHA-256


PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # finds: use:MD5 weak-hash weak-kdf
SIMPLE_JWT = {"ALGORITHM": "HS256", "SIGNING_KEY": "signs tokens"}  # finds: use:HMAC-SHA-256 hardcoded-key
