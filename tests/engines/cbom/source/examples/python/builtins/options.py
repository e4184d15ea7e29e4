import argparse
import hashlib
from dataclasses import dataclass, field
from typing import Annotated

import attrs
import click
import typer
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pydantic import Field
from pydantic_settings import BaseSettings

parser = argparse.ArgumentParser()
group = parser.add_argument_group("hashing")
group.add_argument("--digest-name", "-d", default="md5")
group.add_argument("--bits", type=int, default="1024")
parser.add_argument("--size", dest="number", type=int, default=2048)
parser.add_argument("--fast", action="store_true")
commands = parser.add_subparsers()
commands.add_parser("sign").set_defaults(algorithm="sha1")


def main():
    args, _rest = parser.parse_known_args()
    hashlib.new(args.digest_name)  # finds: use:MD5 weak-hash
    hashlib.new(args.algorithm)  # finds: use:SHA-1 weak-hash
    hashlib.new(vars(args)["digest_name"])  # finds: use:MD5 weak-hash
    hashlib.md5(b"", usedforsecurity=args.fast)  # finds: use:MD5
    rsa.generate_private_key(65537, args.bits)  # finds: use:RSA weak-key-size
    rsa.generate_private_key(65537, args.number)  # finds: use:RSA


@click.command()
@click.option("--bits", "-b", default=1024, type=int)
@click.option("--rounds", "count", default=1000)
@click.option("--shown/--hidden", default=True)
@click.argument("password")
def generate(bits, count, password, shown):
    rsa.generate_private_key(65537, bits)  # finds: use:RSA weak-key-size
    hashlib.pbkdf2_hmac("sha256", password, b"" if shown else password, count)  # finds: use:PBKDF2 low-kdf-iterations static-salt


def with_typer(bits: int = typer.Option(1024, "--bits"), name: Annotated[str, typer.Option()] = "sha1"):
    rsa.generate_private_key(65537, bits)  # finds: use:RSA weak-key-size
    hashlib.new(name)  # finds: use:SHA-1 weak-hash


class Settings(BaseSettings):
    bits: int = Field(default=1024)
    digest: str = Field("md5", description="of files")
    key_bits: int = Field(...)


@dataclass
class Keys:
    curve: object = field(default_factory=ec.SECP192R1)

    def made(self):
        return ec.generate_private_key(self.curve)  # finds: use:EC weak-key-size


@attrs.define
class Sums:
    name: str = attrs.field(default="md5")

    def made(self):
        return hashlib.new(self.name)  # finds: use:MD5 weak-hash


settings = Settings()
rsa.generate_private_key(65537, settings.bits)  # finds: use:RSA weak-key-size
rsa.generate_private_key(65537, settings.key_bits)  # finds: use:RSA
hashlib.new(settings.digest)  # finds: use:MD5 weak-hash
