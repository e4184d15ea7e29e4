import os

SECRET_KEY = "django-insecure-4w8)n1vq9k$!"  # finds: use:HMAC hardcoded-key
SECRET_KEY = os.environ["DJANGO_SECRET_KEY"]  # finds: use:HMAC
PASSWORD_HASHERS = [  # finds: use:MD5 weak-hash weak-kdf
    "django.contrib.auth.hashers.MD5PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
INSTALLED_APPS = ["django.contrib.auth"]

SIMPLE_JWT = {"ALGORITHM": "HS512", "SIGNING_KEY": "a key of the program"}  # finds: use:HMAC-SHA-512 hardcoded-key
