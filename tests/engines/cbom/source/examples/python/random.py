import base64
import os
import random
import secrets
import string
import uuid

dice = random.randint(1, 6)
delay = 1.0 + random.random() / 10
colour = random.choice(["red", "green"])
nonce_bytes = os.urandom(12)  # finds: use:CSPRNG
token = secrets.token_hex(16)  # finds: use:CSPRNG
password = "".join(secrets.choice("abc") for _ in range(20))  # finds: use:CSPRNG
generator = random.SystemRandom()  # finds: use:CSPRNG
pin = generator.randint(0, 9999)
identifier = uuid.uuid4()
random.seed(7)  # finds: static-seed

# What becomes a secret may not come from a generator that can be predicted.
reset_token = "".join(random.choice("abcdef") for _ in range(20))  # finds: weak-random
csrf = f"{random.getrandbits(128):x}"  # finds: weak-random
session_id = "{}-{}".format("a", random.randint(1, 9))  # finds: weak-random
encoded = base64.b64encode(random.randbytes(16)).decode()  # finds: weak-random
settings = {"api_key": encoded}
name = "remember-me"[0:8] + "-me token"
settings[name[:]] = str(random.uniform(0, 1))[2:]  # finds: weak-random
choices = [random.random() for _ in range(3)]


def new_password(response):
    response.set_cookie("theme", str(random.randint(1, 3)))
    response.set_cookie("session-token", str(random.randint(1, 3)))  # finds: weak-random
    return "%06d" % random.randint(0, 999999)  # finds: weak-random


def sampled():
    return "%06d" % random.randint(0, 999999)

token_count = random.randint(1, 5)
password_length = random.randint(8, 16)
tokens = random.sample(["a", "b"], 2)


def csrf_token():
    return hex(random.getrandbits(160))[2:]  # finds: weak-random


iv = bytes([random.randint(0, 255) for _ in range(16)])  # finds: weak-random
pivot = bytes([random.randint(0, 255) for _ in range(16)])


letters = list(string.ascii_letters)
random.shuffle(letters)  # finds: weak-random
password = "".join(letters[:12])
cards = list(range(52))
random.shuffle(cards)


def recovery_codes():
    return ["%08x" % random.getrandbits(32) for _ in range(10)]  # finds: weak-random


def disk_key():
    return bytes(random.getrandbits(8) for _ in range(32))  # finds: weak-random


sort_key = random.random()


def request(body):
    body["nonce"] = random.getrandbits(31)
    body["other_nonce"] = random.getrandbits(128)  # finds: weak-random
    start_nonce = random.randint(0, 9999)
    return start_nonce


def seeded():
    generator = random.Random(1234)  # finds: static-seed
    session_key = generator.randbytes(16)  # finds: weak-random
    simulated = random.Random(99).random()
    return session_key, simulated


def joined():
    key = b"".join(bytes([random.randrange(256)]) for _ in range(16))  # finds: weak-random
    rows = b"".join(bytes([random.randrange(256)]) for _ in range(16))
    return key, rows
