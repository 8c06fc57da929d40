"""Claim: a call as text gives the model the same output as in `bfcl-eval`, odd text included.

Calls of a file system, of arithmetic and of a memory, right and wrong: other arguments, text that
does not parse, names that mean nothing, method names inside strings. What differs must be an
expression that is evaluated there and refused here, listed in `REFUSED`. Needs `actloom pull bfcl`.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from actloom.envs.bfcl.classes import official_classes
from actloom.envs.bfcl.room import Room
from actloom.envs.bfcl.trial import Memory, WorldSetup
from bfcl_eval_environment import bfcl_eval_environ, bfcl_eval_python

REFUSED = {
    "ls(*[1])",
    "ls(**{'a':True})",
    "print('x')",
    "__import__('os')",
    "echo(content=1+1)",
    "echo(content=not True)",
    "echo(content=f'x')",
    "lambda: 1",
    "ls()[0]",
    "echo(content=10**3)",
    "ls().x",
    "ls().x()",
    "'a'.upper()",
    "ls(a:=1)",
    "await ls()",
    "1/0",
    "ls(a=1/0)",
    "ls(a=[x for x in [1]])",
}
CALLS = [
    "ls(",
    "ls()",
    "ls(a=True",
    "ls(a=1, a=2)",
    "foo()",
    "foo(x=1)",
    "ls(b=2)",
    "cd()",
    "cd(folder='nowhere')",
    "cd(1,2,3)",
    "ls",
    "5",
    "'x'",
    "",
    "  ls()",
    " \tpwd()",
    "pwd()\n",
    "pwd();ls()",
    "pwd() ls()",
    "kill()",
    "kill(x='ls(1)')",
    "exit()",
    "remove(file='x')",
    "rm.remove(x=1)",
    "GorillaFileSystem.ls()",
    "a.b.c()",
    "self.ls()",
    "ls(*[1])",
    "ls(**{'a':True})",
    "echo(content='call ls() now')",
    "echo(content='ls (x)')",
    "touch(file_name='a.txt')",
    "echo(content='cat(x)', file_name='n.txt')",
    "cat(file_name='n.txt')",
    "ls(a=pwd())",
    "echo(content=pwd())",
    "echo(content=str(1))",
    "print('x')",
    "len([1])",
    "__import__('os')",
    "_load_scenario(scenario={})",
    "ls(a=None)",
    "ls(a=...)",
    "echo(content=b'x')",
    "echo(content=1+1)",
    "echo(content=-1)",
    "echo(content=+1.5)",
    "echo(content=not True)",
    "echo(content=[1,(2,),{3},{'a':1}])",
    "echo(content=f'x')",
    "echo(content='a' 'b')",
    "echo(content='''x\ny''')",
    "echo(content='\\ud800')",
    "echo(content='\\x00')",
    "\x00",
    "ls(a='\x00')",
    "lambda: 1",
    "[ls()]",
    "(ls())",
    "ls()[0]",
    "x=1",
    "import os",
    "echo(content=inf)",
    "echo(content=nan)",
    "echo(content=1e999)",
    "echo(content=10**3)",
    "echo(content=2j)",
    "é()",
    "echo(content='é')",
    "mean(numbers=[1,2])",
    "mean(numbers=[add(a=1,b=2),3])",
    "logarithm(value=8,base=2,precision=5)",
    "logarithm(value=0,base=2,precision=5)",
    "logarithm(value=-1,base=2,precision=5)",
    "logarithm(value='a',base=2,precision=5)",
    "square_root(number=2,precision=50)",
    "square_root(number=2,precision=0)",
    "square_root(number=-1,precision=0)",
    "round_number(number=2.5)",
    "absolute_value(number='a')",
    "power(base=2,exponent=100)",
    "power(base='a',exponent=1)",
    "add(a='x',b='y')",
    "add(a=1)",
    "percentage(part=1,whole=0)",
    "standard_deviation(numbers=[1,2,3,4])",
    "ls()()",
    "ls().x",
    "ls().x()",
    "'a'.upper()",
    "(1).real()",
    "ls(a:=1)",
    "await ls()",
    "ls(a=True,)",
    "ls(a=True))",
    "1/0",
    "ls(a=1/0)",
    "ls (a=True)",
    "ls\n(a=True)",
    "mkdir(dir_name='d')",
    "mkdir(dir_name='d')",
    "mkdir(dir_name=5)",
    "mkdir(dir_name=[1])",
    "find(path='.',name='d')",
    "rm(file_name='d')",
    "sort(file_name='a.txt')",
    "wc(file_name='a.txt',mode='q')",
    "diff(file_name1='a',file_name2='b')",
    "ls(a=[x for x in [1]])",
    "ls('a','b')",
    "cd(folder='..')",
    "du(human_readable=True)",
    "popen()",
    "run(ls())",
    "x.run()",
    "x.y.run()",
    "func(ls())",
    "func(foo())",
    "echo('kill(')",
    "ls() # c",
    "#",
    "ls()#kill(",
]
FILES = {"a.txt": {"type": "file", "content": "hi"}}
CONFIG = {"GorillaFileSystem": {"root": {"w": {"type": "directory", "contents": FILES}}}}
KEYS = ("user_name", "user_age", "user_home_town", "pet_name")
MEMORY_CALLS = (
    ["core_memory_key_search(query='x')"]
    + [f"core_memory_add(key='{k}',value='{k}')" for k in KEYS]
    + [
        "core_memory_key_search(query='user name')",
        "core_memory_key_search(query='name',k=2)",
        "core_memory_key_search(query='zebra')",
        "core_memory_list_keys()",
        "core_memory_add(key='A',value='')",
        "core_memory_retrieve(key='q')",
        "archival_memory_add(key='some_key_with_words',value='v')",
        "archival_memory_key_search(query='key words')",
        "archival_memory_list_keys()",
        "core_memory_retrieve_all()",
        "_similarity_search(query='a',corpus=['a'])",
        "similarity_search(query='a')",
    ]
)
ENTRY = "memory_kv_prereq_0-customer-0"
RIVAL = """
import json, sys
from pathlib import Path
from bfcl_eval.eval_checker.multi_turn_eval.multi_turn_utils import execute_multi_turn_func_call
calls, config, memory_calls, entry, work = json.load(sys.stdin)
classes = ["GorillaFileSystem", "MathAPI"]
found = execute_multi_turn_func_call(calls, config, classes, "model", "multi_turn_base_0")[0]
setup = {"model_result_dir": Path(work), "scenario": "customer", "test_id": entry}
config = {"MemoryAPI_kv": {**setup, "test_category": "memory_kv_prereq"}}
found += execute_multi_turn_func_call(memory_calls, config, ["MemoryAPI_kv"], "model", entry)[0]
print("@@" + json.dumps(found))
"""


def rival_outputs() -> list[str]:
    with tempfile.TemporaryDirectory() as work:
        done = subprocess.run(
            [bfcl_eval_python(), "-W", "ignore", "-c", RIVAL],
            input=json.dumps([CALLS, CONFIG, MEMORY_CALLS, ENTRY, work]),
            env={**bfcl_eval_environ(Path(work) / "home"), "TZ": "UTC"},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return json.loads(done.stdout.split("@@")[1])


def our_outputs() -> list[str]:
    files = WorldSetup("multi_turn_base_0", ["GorillaFileSystem", "MathAPI"], CONFIG)
    memory = WorldSetup(ENTRY, ["MemoryAPI_kv"], memory=Memory("customer", ENTRY))
    with Room(official_classes()) as room:
        first = room.played(files, [CALLS]).outputs
        return first + room.played(memory, [MEMORY_CALLS]).outputs


def main() -> int:
    calls = CALLS + MEMORY_CALLS
    pairs = list(zip(calls, our_outputs(), rival_outputs(), strict=True))
    differ = {call: (ours, theirs) for call, ours, theirs in pairs if ours != theirs}
    for call, (ours, theirs) in differ.items():
        print(f"{'refused' if call in REFUSED else 'DIFFERS'} {call!r}: {ours!r} / {theirs!r}")
    print(f"{len(calls)} calls, {len(differ)} other outputs, {len(REFUSED)} of them expected")
    return 0 if differ.keys() == REFUSED else 1


if __name__ == "__main__":
    sys.exit(main())
