import configparser
import hashlib
import hmac
import json
import os
from pathlib import Path

import yaml
from cryptography.fernet import Fernet

SETTINGS = yaml.safe_load(open("app.yaml"))
EXPANDED = yaml.safe_load(open("expanded.yaml"))
ABSENT = yaml.safe_load(open("absent.yaml"))
KEYS = json.loads((Path(__file__).parent / "keys.json").read_text())
with open(os.path.join(os.path.dirname(__file__), "keys.json")) as file:
    SAME_KEYS = json.load(file)
config = configparser.ConfigParser()
config.read("app.ini")


def sign(data):
    hmac.new(os.environ["SIGNING_SECRET"], data, "sha512")  # finds: use:HMAC-SHA-512 hardcoded-key
    hmac.new(os.environ["OTHER_SECRET"], data, "sha512")  # finds: use:HMAC-SHA-512
    hmac.new(os.environ["FROM_VAULT"], data, "sha512")  # finds: use:HMAC-SHA-512
    hmac.new(os.environ["EMPTY"], data, "sha512")  # finds: use:HMAC-SHA-512
    hmac.new(os.environ["NOWHERE"], data, "sha512")  # finds: use:HMAC-SHA-512
    Fernet(os.getenv("FERNET_KEY"))  # finds: use:Fernet hardcoded-key
    Fernet(os.environ.get("FERNET_KEY", ""))  # finds: use:Fernet hardcoded-key


def send(data):
    secret = SETTINGS["webhook"]["secret"].encode()
    hmac.new(secret, data, SETTINGS["webhook"]["digest"])  # finds: use:HMAC-SHA-1 hardcoded-key
    hmac.new(EXPANDED["secret"], data, "sha512")  # finds: use:HMAC-SHA-512
    hmac.new(ABSENT["secret"], data, "sha512")  # finds: use:HMAC-SHA-512
    hmac.new(bytes.fromhex(KEYS["key"]), data, SAME_KEYS["hash"])  # finds: use:HMAC-SHA-256 hardcoded-key


def digest(data, salt):
    hashlib.new(config["hashing"]["algorithm"], data)  # finds: use:MD5 weak-hash
    hashlib.new(config.get("hashing", "Algorithm"), data)  # finds: use:MD5 weak-hash
    rounds = config.getint("hashing", "rounds")
    hashlib.pbkdf2_hmac("sha256", data, salt, rounds)  # finds: use:PBKDF2 low-kdf-iterations
    hashlib.new(config.get("hashing", "missing", fallback="sha1"), data)  # finds: use:SHA-1 weak-hash
