"""Proofs by PyJWT: the commands of _shared/proof_forge.py as a function."""
import pathlib
import subprocess
import sys


class Forge:
    def __init__(self):
        script = pathlib.Path(__file__).resolve().parents[2] / "_shared" / "proof_forge.py"
        self._process = subprocess.Popen(
            [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def _ask(self, verb, members):
        words = [verb, *(f"{name}={value}" for name, value in members.items() if value is not None)]
        print(*words, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline().strip()
        if not answer or answer.startswith("error:"):
            raise RuntimeError(f"the forge says: {answer}")
        return answer

    def proof(self, **members):
        return self._ask("proof", members)

    def thumbprint(self, key):
        return self._ask("jkt", {"key": key})

    def close(self):
        self._process.stdin.close()
        self._process.wait()
