"""SQLAlchemy over psycopg2: `sqlalchemy_program.py URL SSLMODE` prints a line for each check it passed."""
import sys

from sqlalchemy import (
    Column, DateTime, Enum, ForeignKey, Index, Integer, LargeBinary, MetaData, Numeric, String, create_engine,
    func, inspect, select, text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, declarative_base, relationship

URL, SSLMODE = sys.argv[1:3]
SCHEMA = "sqlalchemy_play"


def passed(name):
    print(name, flush=True)


engine = create_engine(
    URL.replace("postgresql:", "postgresql+psycopg2:"), pool_pre_ping=True, pool_size=2, connect_args={"sslmode": SSLMODE}
)
with engine.begin() as connection:
    connection.execute(text(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"))
    connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))
assert engine.dialect.server_version_info >= (14,)
passed("connect")

Base = declarative_base(metadata=MetaData(schema=SCHEMA))


class Customer(Base):
    __tablename__ = "customers"
    id = Column(Integer, primary_key=True)
    name = Column(String(80), nullable=False, unique=True, comment="wie geschrieben")
    mood = Column(Enum("sad", "happy", name="mood", schema=SCHEMA))
    balance = Column(Numeric(10, 2), server_default="0")
    tags = Column(ARRAY(String))
    extra = Column(JSONB)
    photo = Column(LargeBinary)
    seen = Column(DateTime(timezone=True), server_default=func.now())
    orders = relationship("Order", back_populates="customer")


class Order(Base):
    __tablename__ = "Order Items"
    id = Column(Integer, primary_key=True)
    customer_id = Column(ForeignKey(Customer.id, ondelete="CASCADE"), nullable=False)
    customer = relationship(Customer, back_populates="orders")


Index("customers_mood", Customer.mood, Customer.balance.desc())
Base.metadata.create_all(engine)
Base.metadata.create_all(engine)
passed("create_all")

with Session(engine) as session:
    fields = dict(mood="happy", tags=["a", "ü"], extra={"a": [1]}, photo=b"\x00\xff")
    session.add_all([Customer(name=f"customer {n}", orders=[Order()], **fields) for n in range(300)])
    session.commit()
    first = session.scalars(select(Customer).order_by(Customer.id)).first()
    assert (first.tags, first.extra, first.photo, len(first.orders)) == (["a", "ü"], {"a": [1]}, b"\x00\xff", 1)
    session.add(Customer(name="customer 1"))
    try:
        session.flush()
        raise SystemExit("a second name was taken")
    except IntegrityError as error:
        assert error.orig.pgcode == "23505"
        session.rollback()
    with session.begin_nested() as savepoint:
        session.delete(first)
        savepoint.rollback()
    assert session.scalar(select(func.count()).select_from(Customer)) == 300
passed("session")

reflected = MetaData()
reflected.reflect(engine, schema=SCHEMA)
customers = reflected.tables[f"{SCHEMA}.customers"]
assert [column.name for column in customers.columns][:3] == ["id", "name", "mood"]
assert customers.c.mood.type.enums == ["sad", "happy"] and customers.c.name.comment == "wie geschrieben"
inspector = inspect(engine)
assert inspector.get_foreign_keys("Order Items", SCHEMA)[0]["options"] == {"ondelete": "CASCADE"}
assert {each["name"] for each in inspector.get_indexes("customers", SCHEMA)} >= {"customers_mood"}
passed("reflection")

with engine.connect().execution_options(stream_results=True, max_row_buffer=50) as connection:
    result = connection.execute(select(customers.c.id).order_by(customers.c.id))
    assert len(result.fetchmany(7)) == 7 and len(list(result)) == 293
passed("server-side cursor")

with engine.begin() as connection:
    upsert = insert(customers).values(id=1, name="new").on_conflict_do_update(index_elements=["id"], set_={"name": "new"})
    assert connection.execute(upsert.returning(customers.c.name)).scalar() == "new"
    rows = [{"id": 1000 + n, "name": f"many {n}"} for n in range(100)]
    assert connection.execute(customers.insert(), rows).rowcount == 100
passed("upsert and executemany")

with engine.connect() as connection:
    process = connection.execute(text("SELECT pg_backend_pid()")).scalar()
with create_engine(URL, connect_args={"sslmode": SSLMODE}).connect() as other:
    other.execute(text("SELECT pg_terminate_backend(:process, 5000)"), {"process": process})
with engine.connect() as connection:
    assert connection.execute(text("SELECT pg_backend_pid()")).scalar() != process
passed("pool_pre_ping")

for level in ("SERIALIZABLE", "REPEATABLE READ", "AUTOCOMMIT"):
    with engine.connect().execution_options(isolation_level=level) as connection:
        connection.execute(text("SELECT 1"))
passed("isolation levels")

Base.metadata.drop_all(engine)
with engine.begin() as connection:
    connection.execute(text(f"DROP SCHEMA {SCHEMA} CASCADE"))
passed("drop_all")
