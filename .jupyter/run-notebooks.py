"""Runs notebooks in the TypeScript kernel and believes nothing that it has not seen.

    run-notebooks.py [--keep-going] [--out DIR] [--timeout SECONDS] NOTEBOOK...

Prints one line of JSON for each notebook when it is done; notebooks.d.mts has its type. The kernel is the one
named `tslab` in JUPYTER_PATH. That nothing was raised proves little: a cell has run when the kernel replied
"ok" to it, counted it, and nothing was written to stderr, neither then nor later.
"""

import argparse
import asyncio
import json
import queue
import subprocess
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError


# How long a kernel must be silent to be done.
QUIET_SECONDS = 0.2


class Stop(Exception):
    """The notebook ends here; why is noted."""


def must_run(cell):
    return cell.cell_type == "code" and cell.source.strip() != ""


def objection(cell, reply):
    """Why this cell does not count as run, or None."""
    content = reply["content"]
    if content["status"] in ("aborted", "abort"):
        return "the kernel skipped it"
    for output in cell.outputs:
        if output.output_type == "error":
            return "\n".join(output.traceback) or output.ename
        if output.output_type == "stream" and output.name == "stderr":
            return f"it wrote to stderr: {output.text.strip()}"
    if content["status"] != "ok":
        return f"the kernel replied: {content['status']}"
    if content.get("execution_count") is None:
        return "the kernel did not count it"
    return None


def join_streams(outputs):
    """Text that was sent in pieces, in one piece. Order is kept."""
    joined = []
    for output in outputs:
        last = joined[-1] if joined else None
        is_text = output.output_type == "stream"
        if is_text and last is not None and last.output_type == "stream" and last.name == output.name:
            last.text += output.text
        else:
            joined.append(output)
    return joined


class Run:
    """One notebook in one kernel, from top to bottom."""

    def __init__(self, path, timeout, keep_going):
        self.notebook = nbformat.read(path, as_version=4)
        self.keep_going = keep_going
        self.problems = {}
        self.seconds = {}
        self.began = 0.0
        self.current = None
        self.strays = []
        self.client = NotebookClient(
            self.notebook,
            kernel_name="tslab",
            timeout=timeout,
            allow_errors=True,
            resources={"metadata": {"path": str(path.resolve().parent)}},
            on_cell_execute=self.on_cell_execute,
            on_cell_executed=self.on_cell_executed,
        )

    def on_cell_execute(self, cell, cell_index):
        self.began = time.monotonic()

    def on_cell_executed(self, cell, cell_index, execute_reply):
        self.seconds[cell_index] = time.monotonic() - self.began
        # Stock tslab does not send the message that this number is usually taken from.
        cell.execution_count = execute_reply["content"].get("execution_count")
        cell.outputs = join_streams(cell.outputs)
        self.note(cell_index, objection(cell, execute_reply))

    def note(self, index, problem):
        if problem is None:
            return
        self.problems.setdefault(index, problem)
        if not self.keep_going:
            raise Stop

    def watch_strays(self):
        """Notes what arrives on stderr for a cell that was done: nbclient drops such messages."""
        client = self.client.kc
        execute, get_message = client.execute, client.iopub_channel.get_msg

        def execute_and_remember(*args, **kwargs):
            self.current = execute(*args, **kwargs)
            return self.current

        async def get_and_watch(*args, **kwargs):
            message = await get_message(*args, **kwargs)
            content = message["content"]
            is_stray = message["parent_header"].get("msg_id") != self.current
            if is_stray and message["msg_type"] == "stream" and content["name"] == "stderr":
                self.strays.append(content["text"])
            return message

        client.execute, client.iopub_channel.get_msg = execute_and_remember, get_and_watch

    async def settle(self):
        """Reads all that the kernel has sent, until it has nothing more to say.

        A kernel may answer two questions in one turn of its event loop, and print what a cell left behind in the next
        one. Nothing tells that it will, so it gets a moment.
        """
        self.current = None
        question = self.client.kc.kernel_info()
        while not await self.is_end_of_answer(question):
            pass
        try:
            while True:
                await self.client.kc.iopub_channel.get_msg(timeout=QUIET_SECONDS)
        except queue.Empty:
            pass

    async def is_end_of_answer(self, question):
        message = await self.client.kc.iopub_channel.get_msg(timeout=10)
        is_answer = message["parent_header"].get("msg_id") == question
        return is_answer and message["content"].get("execution_state") == "idle"

    async def execute(self):
        index = 0
        try:
            # A Node that inherits our stdout makes it non-blocking, and long lines get lost.
            async with self.client.async_setup_kernel(stdout=subprocess.DEVNULL):
                self.watch_strays()
                for index, cell in enumerate(self.notebook.cells):
                    if must_run(cell):
                        await self.client.async_execute_cell(cell, index)
                await self.settle()
                if self.strays:
                    text = "".join(self.strays).strip()
                    self.note(index, f"a cell that was done wrote to stderr: {text}")
        except Stop:
            pass
        except CellTimeoutError:
            self.problems[index] = f"it took longer than {self.client.timeout:g} seconds"
        except (DeadKernelError, queue.Empty):
            self.problems[index] = "the kernel died"

    def cells(self):
        """What became of each cell that has something to run, counted from 1 as a reader counts them."""
        for index, cell in enumerate(self.notebook.cells):
            if not must_run(cell):
                continue
            is_run = index in self.seconds
            report = {"cell": index + 1, "status": "ok" if is_run else "notRun"}
            report["executionCount"] = cell.get("execution_count") if is_run else None
            report["seconds"] = round(self.seconds.get(index, 0), 3)
            if index in self.problems:
                report.update(status="failed", message=self.problems[index])
            yield report

    def message(self):
        if not self.problems:
            return None
        index = min(self.problems)
        return f"cell {index + 1}: {self.problems[index]}"


async def report_on(path, arguments):
    began = time.monotonic()
    report = {"notebook": str(path), "status": "failed", "seconds": 0, "cells": []}
    try:
        run = Run(path, arguments.timeout, arguments.keep_going)
        await run.execute()
        report["cells"] = list(run.cells())
        message = run.message()
        if message is None and any(cell["status"] != "ok" for cell in report["cells"]):
            message = "not every cell was run"
        if arguments.out is not None and (message is None or arguments.keep_going):
            report["executed"] = str(arguments.out / path.name)
            nbformat.write(run.notebook, report["executed"])
    except Exception as error:  # an unreadable notebook, a kernel that does not start
        message = f"{type(error).__name__}: {error}"
    report["seconds"] = round(time.monotonic() - began, 3)
    if message is None:
        report["status"] = "ok"
    else:
        report["message"] = message
    return report


def read_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK")
    parser.add_argument("--keep-going", action="store_true", help="run the cells after one that failed")
    parser.add_argument("--out", type=Path, help="write executed copies into this folder")
    parser.add_argument("--timeout", type=float, default=60, help="seconds for one cell")
    return parser.parse_args()


async def main():
    arguments = read_arguments()
    for path in arguments.notebooks:
        print(json.dumps(await report_on(path, arguments)), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
