"""Logs in with pyghmi and prints what an expression in c, the Command, gives.

pyghmi keeps its sessions alive in a thread that never ends, hence os._exit.
"""
import os
import sys
import traceback

from pyghmi.ipmi import command


def listed(value):
    if isinstance(value, (dict, str, bytes, bytearray)) or not hasattr(value, "__iter__"):
        return repr(value)
    return "\n".join(repr(v) for v in value)


status = 0
try:
    c = command.Command(bmc=os.environ["H"], port=int(os.environ["P"]), userid=sys.argv[2] if len(sys.argv) > 2 else os.environ["U"],
                        password=sys.argv[3] if len(sys.argv) > 3 else os.environ["W"], keepalive=False)
    print(listed(eval(sys.argv[1])))
except Exception:
    traceback.print_exc()
    status = 1
sys.stdout.flush()
sys.stderr.flush()
os._exit(status)
