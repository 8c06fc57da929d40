"""A stand-in for a model server: calls the first tool it is offered, with words of the request.

Prints its address, ends in `#NAME`, and serves until it is stopped.
"""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        function = body["tools"][0]["function"]
        needed = function["parameters"].get("required", [])
        words = body["messages"][-1]["content"].strip("?.").split()
        arguments = dict(zip(needed, reversed(words)))
        call = {"name": function["name"], "arguments": json.dumps(arguments)}
        message = {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "call_0", "type": "function", "function": call}],
        }
        answer = {
            "model": body["model"],
            "choices": [{"message": message, "finish_reason": "tool_calls"}],
            "usage": {"prompt_tokens": len(str(body)) // 4, "completion_tokens": 20},
        }
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_address[1]}/v1#stand-in", flush=True)
server.serve_forever()
