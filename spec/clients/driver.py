"""Runs the distribution's OpenStack clients for a spec: one JSON request a line in, one JSON answer a line out.

{"cli": ["segment", "list"]}                 the command line, in this process
{"sdk": "segments", "args": [], "kwargs": {}}  a method of openstacksdk's instance_ha proxy
"""
import contextlib
import io
import json
import sys
import types

import openstack
from openstack import exceptions
from openstackclient import shell

connection = None


def run_cli(request):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = shell.main(request["cli"])
        except SystemExit as ending:
            code = ending.code
    return {"code": code or 0, "out": out.getvalue(), "err": err.getvalue()}


def run_sdk(request):
    global connection
    connection = connection or openstack.connect()
    method = getattr(connection.instance_ha, request["sdk"])
    try:
        result = method(*request.get("args", []), **request.get("kwargs", {}))
        if isinstance(result, types.GeneratorType):
            return {"result": [each.to_dict() for each in result]}
        return {"result": result.to_dict() if hasattr(result, "to_dict") else result}
    except exceptions.HttpException as error:
        kind = type(error).__name__
        return {"error": kind, "status": error.status_code, "text": str(error)}


for line in sys.stdin:
    request = json.loads(line)
    answer = run_cli(request) if "cli" in request else run_sdk(request)
    print(json.dumps(answer), flush=True)
