"""Round trips of the extras through real databases and models, at our server."""

from __future__ import annotations

import datetime
import decimal
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from sqlalchemy import Column, Engine, Integer, MetaData, Table, create_engine, select, text
from sqlalchemy.exc import InvalidRequestError, StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

import cryptoserve.pydantic
from cryptoserve import CryptoServe, DecryptionFailed, Local
from cryptoserve.local.values import checked_type, from_bytes, to_bytes
from cryptoserve.pydantic import Context, Encrypted
from cryptoserve.sqlalchemy import EncryptedType, insert_many, select_many
from tests.sdk.conftest import each
from tests.support.servers import Server

VALUES = [
    "täxt",
    "",
    b"\0\xff",
    5,
    -1.5,
    True,
    decimal.Decimal("1.10"),
    datetime.date(2026, 11, 27),
    datetime.datetime(2026, 11, 27, 1, 2, 3, 4, tzinfo=datetime.UTC),
    datetime.time(1, 2),
    uuid.uuid4(),
    {"a": [1, None]},
    [1, "x"],
]


@pytest.fixture(params=[None, Local()], ids=["server", "local"])
def client(own_server: Server, request: pytest.FixtureRequest) -> Iterator[CryptoServe]:
    """A client in each mode."""
    with CryptoServe("payments", "backend", addr=own_server.address, token="root", local=request.param) as made:
        yield made


@pytest.fixture
def engine() -> Iterator[Engine]:
    """A database in memory."""
    made = create_engine("sqlite://")
    yield made
    made.dispose()


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_values(value: Any) -> None:
    assert from_bytes(to_bytes(value, type(value)), type(value)) == value


def test_values_of_other_types_are_refused() -> None:
    with pytest.raises(TypeError, match="expected one of"):
        checked_type(set)
    values: tuple[tuple[Any, type], ...] = ((True, int), ("1", int), (1, float), (None, str))
    for value, type_ in values:
        with pytest.raises(TypeError, match="expected a value of type"):
            to_bytes(value, type_)
    contents: tuple[tuple[bytes, type], ...] = (
        (b"x", int),
        (b"\xff", str),
        (b"2", bool),
        (b"x", decimal.Decimal),
        (b"{", dict),
    )
    for content, type_ in contents:
        with pytest.raises(ValueError, match="what was decrypted"):
            from_bytes(content, type_)


@given(st.text(), st.integers(), st.floats(allow_nan=False), st.binary())
def test_any_value_comes_back(words: str, number: int, fraction: float, content: bytes) -> None:
    for value in (words.encode(errors="replace").decode(), number, fraction, content):
        assert from_bytes(to_bytes(value, type(value)), type(value)) == value


def test_sqlalchemy_columns_of_all_types(client: CryptoServe, engine: Engine) -> None:
    columns: list[Column[Any]] = [
        Column(f"c{place}", EncryptedType(client, "columns", type(value))) for place, value in enumerate(VALUES)
    ]
    table = Table("t", MetaData(), Column("id", Integer, primary_key=True), *columns)
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(table.insert().values(id=1, **{f"c{place}": value for place, value in enumerate(VALUES)}))
        connection.execute(table.insert().values(id=2))
        assert list(connection.execute(select(table).where(table.c.id == 1)).one())[1:] == VALUES
        assert list(connection.execute(select(table).where(table.c.id == 2)).one())[1:] == [None] * len(VALUES)
        stored = connection.execute(text("SELECT * FROM t WHERE id = 1")).one()
        assert all(str(each).startswith(("vault:v1:", "cs1:")) for each in stored[1:])
        assert all(each is None for each in connection.execute(text("SELECT * FROM t WHERE id = 2")).one()[1:])
        with pytest.raises(StatementError, match="expected a value of type int"):
            connection.execute(table.insert().values(c3="5"))


def test_sqlalchemy_models_with_a_blind_index(client: CryptoServe, engine: Engine) -> None:
    class Base(DeclarativeBase):
        pass

    class Customer(Base):
        __tablename__ = "customers"
        id: Mapped[int] = mapped_column(primary_key=True)
        email: Mapped[str | None] = mapped_column(EncryptedType(client, "email", blind_index="email-index"))
        note: Mapped[str | None] = mapped_column(EncryptedType(client, context="note"))

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(Customer(email=email, note="n") for email in ("a@x", "b@x", "a@x", None))
        session.commit()

        def found(condition: Any) -> list[str | None]:
            return list(session.scalars(select(Customer.email).where(condition).order_by(Customer.id)))

        assert found(Customer.email == "a@x") == ["a@x", "a@x"]
        assert found(Customer.email != "a@x") == ["b@x"]
        assert found(Customer.email.in_(["b@x", "c@x"])) == ["b@x"]
        assert found(Customer.email.is_(None)) == found(Customer.email == None) == [None]  # noqa: E711
        for compare in each(
            lambda: Customer.email.like("a%"),
            lambda: Customer.email > "a",
            lambda: Customer.note == "n",
        ):
            with pytest.raises(InvalidRequestError, match="encrypted columns"):
                compare()
        session.execute(text("UPDATE customers SET note = email WHERE id = 1"))
        session.commit()
        with pytest.raises(DecryptionFailed):
            session.scalars(select(Customer.note).where(Customer.id == 1)).one()


def test_sqlalchemy_many_rows_go_in_batches(client: CryptoServe, engine: Engine, own_server: Server) -> None:
    sent: list[int] = []
    coded: list[int] = []

    class Counting:
        """The client, telling how many items each call had."""

        encrypt, decrypt = client.encrypt, client.decrypt

        def hmac_many(self, data: Sequence[bytes], context: str) -> list[str]:
            coded.append(len(data))
            return client.hmac_many(data, context)

        def encrypt_many(self, plaintexts: Sequence[bytes], context: str) -> list[str]:
            sent.append(len(plaintexts))
            return client.encrypt_many(plaintexts, context)

        def decrypt_many(self, ciphertexts: Sequence[str], context: str) -> list[bytes]:
            sent.append(-len(ciphertexts))
            return client.decrypt_many(ciphertexts, context)

    type_ = EncryptedType(cast(CryptoServe, Counting()), "rows", int, "rows-index")
    table = Table("t", MetaData(), Column("id", Integer, primary_key=True), Column("n", type_))
    rows = [{"id": number, "n": number if number % 3 else None} for number in range(2500)]
    with engine.begin() as connection:
        table.create(connection)
        insert_many(connection, table, rows)
        assert select_many(connection, select(table).order_by(table.c.id)) == rows
        assert connection.execute(select(table.c.n).where(table.c.n.in_([5, 6, 7]))).scalars().all() == [5, 7]
    assert sent == [666, 667, 333, -1000, -666]
    assert coded == [666, 667, 333, 3]


def test_pydantic(client: CryptoServe) -> None:
    class Payment(BaseModel):
        card: Annotated[Encrypted[str], Context("pydantic-card", client)]
        amount: Annotated[Encrypted[int], Context("pydantic-amount", client)]
        note: Annotated[Encrypted[str], Context("pydantic-note", client)] | None = None

    payment = Payment(card="4111", amount=5)  # type: ignore[arg-type]
    assert (payment.card.reveal(), payment.amount.reveal(), payment.note) == ("4111", 5, None)
    assert "4111" not in f"{payment!r} {payment} {payment.card}"
    written = payment.model_dump_json()
    assert "4111" not in written
    again = Payment.model_validate_json(written)
    assert again == payment
    assert again.model_dump_json() == written
    assert Payment.model_validate(payment.model_dump()) == payment
    for wrong in ({"card": payment.model_dump()["amount"], "amount": 1}, {"card": "vault:v1:AAAA", "amount": 1}):
        with pytest.raises(ValidationError, match="the ciphertext doesn't open here"):
            Payment.model_validate(wrong)
    with pytest.raises(ValidationError):
        Payment(card="4111", amount="five")  # type: ignore[arg-type]


def test_pydantic_with_the_client_of_the_process(own_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cryptoserve.pydantic, "_process_client", [])

    class Payment(BaseModel):
        card: Annotated[Encrypted[str], Context("card-data")]

    payment = Payment(card="4111")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="CRYPTOSERVE_APP"):
        cryptoserve.pydantic.process_client()
    for name, value in {"APP": "payments", "TEAM": "backend", "ADDR": own_server.address, "TOKEN": "root"}.items():
        monkeypatch.setenv(f"CRYPTOSERVE_{name}", value)
    text_ = payment.model_dump()["card"]
    with CryptoServe("payments", "backend", addr=own_server.address, token="root") as client:
        assert client.decrypt(text_, "card-data") == b"4111"
    cryptoserve.pydantic.process_client().close()


def test_pydantic_fields_need_a_context() -> None:
    for wrong in (Encrypted[str], Annotated[str, Context("c")], Annotated[Encrypted[set], Context("c")]):  # type: ignore[type-arg]
        with pytest.raises(TypeError, match="expected"):
            type("Model", (BaseModel,), {"__annotations__": {"field": wrong}})


DJANGO = """
import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=[],
    CRYPTOSERVE={"app_name": "payments", "team": "backend"},
)
django.setup()
from django.core.exceptions import FieldError
from django.db import connection, models
from cryptoserve.django import EncryptedTextField, configured_client, insert_many, select_many


class Customer(models.Model):
    email = EncryptedTextField(context="email", null=True)

    class Meta:
        app_label = "shop"


with connection.schema_editor() as editor:
    editor.create_model(Customer)
Customer.objects.create(email="a@x")
Customer.objects.bulk_create([Customer(email="b@x"), Customer(email=None), Customer(email="")])
assert list(Customer.objects.order_by("id").values_list("email", flat=True)) == ["a@x", "b@x", None, ""]
with connection.cursor() as cursor:
    cursor.execute("SELECT email FROM shop_customer ORDER BY id")
    stored = [row[0] for row in cursor.fetchall()]
assert stored[0].startswith("vault:v1:") and stored[2] is None
assert Customer.objects.filter(email__isnull=True).count() == 1
for lookup in ("email", "email__contains", "email__in"):
    try:
        Customer.objects.filter(**{lookup: ["a@x"] if lookup.endswith("in") else "a@x"}).count()
    except FieldError:
        continue
    raise AssertionError(lookup)
name, path, arguments, options = Customer._meta.get_field("email").deconstruct()
assert (path, options) == ("cryptoserve.django.EncryptedTextField", {"null": True, "context": "email"})
client = configured_client()
sent = []
many, once = client.encrypt_many, client.decrypt_many
client.encrypt_many = lambda each, context: sent.append(len(each)) or many(each, context)
client.decrypt_many = lambda each, context: sent.append(-len(each)) or once(each, context)
Customer.objects.all().delete()
emails = [f"{number}@x" if number % 3 else None for number in range(300)]
objects = [Customer(email=email) for email in emails]
insert_many(Customer, objects)
assert [each.email for each in objects] == emails
assert [each.email for each in select_many(Customer.objects.order_by("id"))] == emails
assert sent == [200, -200]
assert Customer.objects.order_by("id")[1].email == "1@x"
assert select_many(Customer.objects.none()) == []
connection.close()
client.close()
print("done")
"""


def test_django(own_server: Server, tmp_path: Path) -> None:
    """In a process of its own, since Django is configured once."""
    environment = {**os.environ, "CRYPTOSERVE_ADDR": own_server.address, "CRYPTOSERVE_TOKEN": "root"}
    done = subprocess.run(
        [sys.executable, "-c", DJANGO],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "done\n", done.stderr
