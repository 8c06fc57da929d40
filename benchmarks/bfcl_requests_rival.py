"""bfcl-eval's side of bfcl_requests.py: asks its own questions through its own handlers.

Runs in the environment of `bfcl_eval_environment`:
    python bfcl_requests_rival.py SERVER WORK < cases
where cases is JSON: style -> category -> ids. Each case has an address of its own on the server,
`SERVER/bfcl-eval/STYLE/ID/v1`, so that requests can be told apart. Prints JSON: style -> id
-> error, of the cases it could not ask.
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from urllib.parse import quote

from bfcl_eval._llm_response_generation import multi_threaded_inference
from bfcl_eval.model_handler.api_inference.openai_completion import OpenAICompletionsHandler
from bfcl_eval.model_handler.api_inference.openai_response import OpenAIResponsesHandler
from bfcl_eval.model_handler.local_inference.salesforce_llama import SalesforceLlamaHandler
from bfcl_eval.model_handler.local_inference.salesforce_qwen import SalesforceQwenHandler
from bfcl_eval.utils import (
    load_dataset_entry,
    populate_initial_settings_for_memory_test_cases,
    populate_initial_settings_for_web_search_test_cases,
)
from openai import DefaultHttpxClient, OpenAI

MODEL = "model-under-test"
CONTEXT = 131_072

HANDLERS = {
    "fc": (OpenAICompletionsHandler, True),
    "prompt": (OpenAICompletionsHandler, False),
    "responses_fc": (OpenAIResponsesHandler, True),
    "responses_prompt": (OpenAIResponsesHandler, False),
    "xlam_llama": (SalesforceLlamaHandler, True),
    "xlam_qwen": (SalesforceQwenHandler, True),
}


class Words:
    """Stands for the tokenizer that a text completion's limit is counted with."""

    def tokenize(self, text):
        return text.split()


def handler_of(style):
    kind, native = HANDLERS[style]
    # One handler a style: the names of simulated instances are made from the model's name.
    handler = kind(f"{MODEL}-{style}", 0.001, f"{MODEL}-{style}", native)
    handler.model_name = MODEL
    handler.model_path_or_id = MODEL
    handler.tokenizer = Words()
    handler.max_context_length = CONTEXT
    return handler


def entries_of(category, wanted, folder):
    """Returns the entries of a category that are wanted, in the order of `wanted`."""
    entries = load_dataset_entry(category)
    entries = populate_initial_settings_for_memory_test_cases(entries, folder)
    entries = populate_initial_settings_for_web_search_test_cases(entries)
    known = {entry["id"]: entry for entry in entries}
    return [known[name] for name in wanted]


def main():
    server, work = sys.argv[1], Path(sys.argv[2])
    errors = {}
    connection = DefaultHttpxClient()  # to make one takes longer than all else
    for style, categories in json.load(sys.stdin).items():
        handler = handler_of(style)
        for category, wanted in categories.items():
            for entry in entries_of(category, wanted, work / style):
                address = f"{server}/bfcl-eval/{style}/{quote(entry['id'], safe='')}/v1"
                handler.client = OpenAI(
                    base_url=address, api_key="none", max_retries=0, http_client=connection
                )
                with contextlib.redirect_stdout(sys.stderr):
                    result = multi_threaded_inference(handler, entry, False, True)["result"]
                if isinstance(result, str) and result.startswith("Error during inference"):
                    errors.setdefault(style, {})[entry["id"]] = result
    json.dump(errors, sys.stdout)


if __name__ == "__main__":
    main()
