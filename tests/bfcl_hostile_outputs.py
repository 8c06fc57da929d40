"""Two hundred outputs nobody should write: code, bombs, forged tags, odd characters."""

from __future__ import annotations

import json

CANARY = "ACTLOOM_BFCL_CANARY"
"""Environment variable, and name of a file, that any code among the outputs would make."""
_SET = f"__import__('os').environ.__setitem__('{CANARY}', '1')"
_TOUCH = f"open('{CANARY}', 'w')"
_SYSTEM = f"__import__('os').system('touch {CANARY}')"
_MEGABYTES = 5_000_000
_DEPTH = 10_000
_WIDE = 20_000

CODE = [
    *(
        shape.format(code)
        for code in (_SET, _TOUCH, _SYSTEM)
        for shape in (
            "[f(x={})]",
            "[f(x={} + '')]",
            "[f(x='' + str({}))]",
            "[f(x=-{})]",
            "[f(x=[{}])]",
            "[f(x={{{}: 1}})]",
            "[f(x=a[{}])]",
            "[f(x=lambda: {})]",
            "[f(**{})]",
            "[f(x=[{} for _ in [1]])]",
        )
    ),
    f"[f(x=(y := {_SET}))]",
    f'[f(x=f"{{{_SET}}}")]',
    f'[f(x="a" + f"{{{_SET}}}")]',
    f"[f(x=1 if {_SET} else 2)]",
    f"[f(x=g(y={_SET}))]",
    f"{_SET}",
    f"[{_SET}]",
    f"[(lambda: {_SET})(x=1)]",
    json.dumps({"tool_calls": [{"name": "f", "arguments": {"x": _SET}}]}),
    json.dumps([{"name": _SET, "arguments": {}}]),
    f'[{{"name": {_SET}, "parameters": {{}}}}]',
    f"<tool_call>\n{_SYSTEM}\n</tool_call>",
    f"!!python/object/apply:os.system ['touch {CANARY}']",
    f"f(x=`${{{_TOUCH}}}`)",
    f"```tool_code\n{_SYSTEM}\n```",
    f'<functions><function name="f"><param name="x" type="array">{_TOUCH}</param></function>'
    "</functions>",
]
NUMBERS = [
    *(
        f"[f(x={text})]"
        for text in (
            "10**10**10",
            "9**9**9",
            "2**100000000",
            "1 << 10**10",
            "10**400 * 10**400",
            "(10**3000 * 10**3000) ** 3000",
            "0x" + "f" * 5_000,
            "9" * 4_300,
            "9" * 4_301,
            "1e999",
            "-1e999",
            "1_000",
            "0o777",
            "1j",
            "007",
            "'%1000000000d' % 1",
            "'%*d' % (10**9, 1)",
            "'a' * 10**9",
            "[0] * 10**9",
            "[[[[0] * 1000] * 1000] * 1000] * 1000",
            "*".join(["999999999"] * 2_000),
            "2**0.5 + 1/3 - 7 // 2 % 3",
            "1 / 0",
            "+5",
            "not True",
            "-'a'",
            "True + True",
            "...",
            "nan",
            "1if 1else 2",
        )
    ),
    '{"tool_calls": [{"name": "f", "arguments": {"x": NaN, "y": Infinity}}]}',
    '[{"name": "f", "arguments": {"x": 1e400}}]',
    '[{"name": "f", "arguments": {"x": ' + "9" * 5_000 + "}}]",
]
LARGE = [
    "[f(x='" + "a" * _MEGABYTES + "')]",
    "[f(x='" + "\\\\" * (_MEGABYTES // 2) + "')]",
    "[f(x='" + "a" * _MEGABYTES,
    "[f(x=[" + "0," * (_MEGABYTES // 2) + "])]",
    '[{"name": "f", "arguments": {"x": "' + "a" * _MEGABYTES + '"}}]',
    " " * _MEGABYTES,
]
DEEP = [
    *(opening * _DEPTH for opening in ("[", "(", "{", '{"a":', "[f(a=", "f(", "-", "not ", "x[")),
    "[" * _DEPTH + "]" * _DEPTH,
    "[f(a=" + "[" * _DEPTH + "]" * _DEPTH + ")]",
    "[f(a=" + "[" * 150 + "]" * 150 + ")]",
    '{"a":' * _DEPTH + "1" + "}" * _DEPTH,
    "[f(a=" + "1 + " * _DEPTH + "1)]",
    "[f(a=" + "1 + " * 200 + "1)]",
    "[f(a=" + "-" * 500 + "1)]",
    "[f" + ".a" * _DEPTH + "(b=1)]",
    "[f(a=" + "lambda: " * _DEPTH + "1)]",
    "<functions>" + "<a>" * _DEPTH + "</a>" * _DEPTH + "</functions>",
    "[f(a=" + "(b) -> " * _DEPTH + "1)]",
]
CHARACTERS = [
    *(
        f"[f(x='{text}')]"
        for text in (
            "\0",
            "\ud800",
            "\udfff\ud800",
            "\u202egnp.exe",
            "\u200b",
            "\ufeff",
            "\u2028",
            "\x0b\x0c",
            "\r",
            "\x1a",
            "\x7f\x80",
            "\uffff",
            "\U0010ffff",
            "e\u0301",
            "\\ud800",
            "\\N{BULLET}",
            "\\x",
            "\\_",
        )
    ),
    "[\u0444(x=1)]",
    "[s\u0430ve(x=1)]",
    "[\ufb01nd(x=1)]",
    "[f(\u0445=1)]",
    "[f(x=\uff11)]",
    "\uff3bf(x=1)\uff3d",
    "[f\0(x=1)]",
    "\ufeff[f(x=1)]",
    "\u202e[f(x=1)]",
    "[\U0001f600(x=1)]",
    '{"tool_calls": [{"name": "\\ud800", "arguments": {"\\u0000": "\ud800"}}]}',
    '[{"name": "f", "arguments": {"x": "a\nb"}}]',
    "new \u00e9(\u00e8=\u4e2d)",
    "[f(x=\u201chello\u201d)]",
]
TAGS = [
    "<tool_call>",
    "</tool_call>",
    "<tool_call>\n</tool_call>",
    "<tool_call>\n\n</tool_call>",
    "<tool_call>\n<tool_call>\n{}\n</tool_call>\n</tool_call>",
    '<tool_call>\n{"name": "f", "arguments": {"x": "</tool_call>"}}\n</tool_call>',
    '<tool_call>\n{"name": "f", "arguments": {"x": 1}}\n</TOOL_CALL>',
    '<tool_call>\n{"name": "f"}\n</tool_call>',
    '<tool_call>\n{"name": ["f"], "arguments": {}}\n</tool_call>',
    '<tool_call>\n{"name": "f", "arguments": [["x", 1]]}\n</tool_call>',
    "<TOOLCALL>[f(x=1)]</TOOLCALL>",
    "<TOOLCALL></TOOLCALL>",
    "<TOOLCALL>[f(x='</TOOLCALL>')]</TOOLCALL>",
    "<function_call> {}",
    '<function_call> {"name": "no_function", "arguments": {}}',
    '<function_call> {"name": 5, "arguments": {}}',
    "<function_call> [1]",
    "<functioncall> {'name': 'f'}",
    "```",
    "``` [f(x=1)",
    "```python\n[f(x=1)]\n```",
    "out_of_domain(user_query='x');",
    "f\nnull",
    "f\n{}\n{}",
    "['f(x=1)', 'g(y=2)']",
    "<|python_tag|>[]",
    "<|tool_call_start|>\n```python\nf(x=1)\n```\n<|tool_call_end|>",
    "<|thought_end|><|thought_start|>",
    "</think>[]",
    '{"tool_calls": null}',
    '{"tool_calls": "f"}',
    '{"tool_calls": {"name": "f"}}',
    '[{"name": ["f"], "arguments": {}}]',
    '[{"name": "f", "arguments": 5}]',
    '"f(x=1)"',
    "null",
    "",
    " ",
    "[{}]",
]
SHAPES = [
    *(
        shape * _WIDE
        for shape in (
            "[ {",
            "[{},",
            "}  ",
            "'",
            '"',
            "\\",
            "\n",
            "<functions>",
            "<TOOLCALL>",
            "<tool_call>\n",
            "```[",
            "<function_call>",
            "a<",
            "A<B<",
            "`${",
            "@a(",
            "f(a=1 2,",
            "f(a='it's',",
            "<a ",
            "\u202e\u0430",
            "/*",
        )
    ),
    "[f(x=f'" + "{1}" * 3_000 + "')]",
    "[" + "f(x=1)," * 3_000 + "]",
    "[" + "f(x=g(" + "0," * 5_000 + ")),]",
]
OUTPUTS = [
    *CODE,
    *NUMBERS,
    *DEEP,
    *CHARACTERS,
    *TAGS,
    *SHAPES,
    *LARGE,
]
