import os


class Base:
    SECRET_KEY = os.environ["SECRET_KEY"]  # finds: use:HMAC


class Development(Base):
    SECRET_KEY = "under the mat"  # finds: use:HMAC hardcoded-key

    def other(self):
        SECRET_KEY = "a variable of a function"
        return SECRET_KEY
