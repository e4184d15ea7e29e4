"""Where the server spends its time under one workload: py-spy on the whole process group if installed, else cProfile.

cProfile watches one process from its start, so it profiles a development server, which is a single process.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks import load
from benchmarks.workloads import Workload
from tests.products import HOST, Product
from tests.servers import Server


def profile(workload: Workload, directory: Path, output: Path, seconds: float) -> str:
    """Load our server with ``workload`` and write a profile; the sentence that says how to read it."""
    spy = shutil.which("py-spy", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if spy is None:
        return _with_cprofile(workload, directory, output, seconds)
    with Server(Product.CRYPTOSERVE, directory) as server:
        server.initialize()
        server.unseal()
        server.request("POST", "sys/mounts/transit", {"type": "transit"}).data()
        requests = workload.prepare(server).requests(server)
        load.run(HOST, server.port, requests, 1.0)
        arguments = ["record", "--pid", str(server.group), "--subprocesses", "--duration", str(int(seconds))]
        with subprocess.Popen([spy, *arguments, "--format", "speedscope", "--output", str(output)]) as spying:
            done = load.run(HOST, server.port, requests, seconds)
            spying.wait(seconds + 30)
    return f"{done.per_second:,.0f} requests per second; open {output} with https://www.speedscope.app"


def _with_cprofile(workload: Workload, directory: Path, output: Path, seconds: float) -> str:
    launcher = directory / "launcher.py"
    launcher.write_text("import sys\nfrom server.cli import main\nsys.exit(main())\n", encoding="utf-8")
    command = [sys.executable, "-m", "cProfile", "-o", str(output.resolve()), str(launcher)]
    with Server(Product.CRYPTOSERVE, directory, development=True, command=command) as server:
        # A development server may have a transit engine already.
        server.request("POST", "sys/mounts/transit", {"type": "transit"})
        requests = workload.prepare(server).requests(server)
        done = load.run(HOST, server.port, requests, seconds)
        server.stop()
    return f"{done.per_second:,.0f} requests per second; read it with python -m pstats {output}"
