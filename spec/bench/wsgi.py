"""The list of notifications as a Python WSGI service serves it (SQLAlchemy, PyMySQL, WebOb): what the gateway is compared with."""
import json
import sys
from datetime import datetime, timezone
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import sqlalchemy as sa
import webob.dec
from sqlalchemy.engine import URL
from sqlalchemy.orm import declarative_base, sessionmaker

host, port, user, password, database = sys.argv[1:6]
engine = sa.create_engine(URL.create("mysql+pymysql", user, password, host, int(port), database))
Session = sessionmaker(engine)
Base = declarative_base()


class Notification(Base):
    __tablename__ = "notifications"
    id = sa.Column(sa.Integer, primary_key=True)
    created_at = sa.Column(sa.BigInteger)
    updated_at = sa.Column(sa.BigInteger)
    deleted_at = sa.Column(sa.BigInteger)
    deleted = sa.Column(sa.Integer)
    notification_uuid = sa.Column(sa.String(36))
    generated_time = sa.Column(sa.BigInteger)
    source_host_uuid = sa.Column(sa.String(36))
    failover_segment_uuid = sa.Column(sa.String(36))
    type = sa.Column(sa.String(36))
    payload = sa.Column(sa.Text)
    status = sa.Column(sa.String(32))
    message = sa.Column(sa.Text)


def time_text(ms):
    return datetime.fromtimestamp(ms / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")


def view(row):
    return {
        "id": row.id,
        "created_at": time_text(row.created_at),
        "updated_at": time_text(row.updated_at) if row.updated_at else None,
        "deleted_at": None,
        "deleted": False,
        "notification_uuid": row.notification_uuid,
        "generated_time": time_text(row.generated_time),
        "source_host_uuid": row.source_host_uuid,
        "type": row.type,
        "payload": json.loads(row.payload),
        "status": row.status,
        "failover_segment_uuid": row.failover_segment_uuid,
        "message": row.message,
    }


TOKENS = {"known": "admin"}


@webob.dec.wsgify
def app(request):
    if request.headers.get("X-Auth-Token") not in TOKENS:
        return webob.Response(status=401)
    with Session() as session:
        rows = (
            session.query(Notification)
            .filter_by(deleted=0)
            .order_by(Notification.created_at.desc(), Notification.id.desc())
            .limit(1001)
            .all()
        )
    body = json.dumps({"notifications": [view(row) for row in rows[:1000]]})
    return webob.Response(body, content_type="application/json", charset="utf-8")


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *args):
        pass


with make_server("127.0.0.1", 0, app, WSGIServer, QuietHandler) as server:
    print("listens on http://127.0.0.1:%d" % server.server_port, flush=True)
    server.serve_forever()
