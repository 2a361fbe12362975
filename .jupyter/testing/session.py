"""A kernel held open for tests. Reads steps from stdin, one JSON object a line, and answers each in one line.

    {"requests": [{"code": "1 + 1"}, {"code": "2", "stopOnError": false}]}

sends all requests of a step at once, as "Run All" does, and answers {"results": [...], "strays": [...]}: the
reply and the outputs of each, and outputs of earlier steps that came late. `interrupt` in a request interrupts
the kernel at the request's first output; `ahead` sends it with a clock that is so many seconds ahead;
{"history": true} asks for what the kernel does not know. The end of stdin shuts the kernel down; the last line
tells its exit code.
"""

import json
import subprocess
import sys
from datetime import datetime, timedelta, timezone

from jupyter_client.manager import KernelManager

PATIENCE = 20


def write(client, request):
    """A request that says when it was sent: now."""
    content = {"code": request["code"], "stop_on_error": request.get("stopOnError", True), "silent": False}
    message = client.session.msg("execute_request", content)
    message["header"]["date"] = datetime.now(timezone.utc) + timedelta(seconds=request.get("ahead", 0))
    return message


def send_together(client, requests):
    """Sends requests; returns them by identity. All are written first: none is younger than an error of the first."""
    written = [None if request.get("history") else write(client, request) for request in requests]
    sent = {}
    for request, message in zip(requests, written):
        if message is None:
            sent[client.history()] = request
        else:
            client.shell_channel.send(message)
            sent[message["header"]["msg_id"]] = request
    return sent


def take_outputs(manager, client, sent, expected):
    """Reads outputs until the kernel is idle again after each request."""
    outputs = {identity: [] for identity in sent}
    strays = []
    waiting = set(expected)
    while waiting:
        message = client.get_iopub_msg(timeout=PATIENCE)
        identity = message["parent_header"].get("msg_id")
        content = message["content"]
        if message["msg_type"] != "status":
            outputs.get(identity, strays).append({"type": message["msg_type"], "content": content})
        elif content["execution_state"] == "idle":
            waiting.discard(identity)
        if message["msg_type"] == "stream" and sent.get(identity, {}).pop("interrupt", False):
            manager.interrupt_kernel()
    return outputs, strays


def take_step(manager, client, requests):
    sent = send_together(client, requests)
    expected = {identity for identity, request in sent.items() if not request.get("history")}
    outputs, strays = take_outputs(manager, client, sent, expected)
    replies = {}
    while not expected <= replies.keys():
        message = client.get_shell_msg(timeout=PATIENCE)
        replies[message["parent_header"]["msg_id"]] = message["content"]
    results = [{"reply": replies.get(identity), "outputs": outputs[identity]} for identity in sent]
    return {"results": results, "strays": strays}


def main():
    manager = KernelManager(kernel_name="tslab")
    # A Node that inherits our stdout makes it non-blocking, and long lines get lost.
    manager.start_kernel(stdout=subprocess.DEVNULL)
    process = manager.provisioner.process
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=PATIENCE)
        for line in sys.stdin:
            print(json.dumps(take_step(manager, client, json.loads(line)["requests"])), flush=True)
    finally:
        manager.shutdown_kernel()
    print(json.dumps({"exitCode": process.returncode}), flush=True)


main()
