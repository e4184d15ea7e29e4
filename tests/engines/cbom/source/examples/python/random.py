import os
import random
import secrets
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
random.seed(7)
