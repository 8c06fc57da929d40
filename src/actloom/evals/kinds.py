"""Every kind of failure a verdict can name, in a sentence: ours and BFCL's error types.

BFCL's names are those of its score files, of all versions (specs/bfcl.md, sections 5 and 6); those
it does not have itself (`output:damaged_line`, ...) say so.
"""

from __future__ import annotations

from actloom.evals.result import FAILURES

BFCL: dict[str, str] = {
    "ast_decoder:decoder_failed": "No calls could be read from the answer.",
    "ast_decoder:decoder_wrong_output_format": "What was read is no list of calls.",
    "simple_function_checker:wrong_count": "Exactly one call was expected.",
    "multiple_function_checker:wrong_count": "Exactly one call was expected.",
    "simple_function_checker:wrong_func_name": "Another function was called.",
    "simple_function_checker:missing_required": "A required parameter was left out.",
    "simple_function_checker:missing_optional": (
        "A parameter was left out that no accepted answer leaves out."
    ),
    "simple_function_checker:unexpected_param": (
        "A parameter was given that the function or the accepted answers do not have."
    ),
    "parallel_function_checker_no_order:wrong_count": "More or fewer calls than expected.",
    "parallel_function_checker_no_order:cannot_find_match": (
        "An expected call is matched by none of the calls that were made."
    ),
    "parallel_function_checker_no_order:cannot_find_description": (
        "The answer key names a function that the question does not offer."
    ),
    "type_error:simple": "A value has another type than the function declares.",
    "type_error:nested": "An element of a list has another type than the function declares.",
    "type_error:java": "A Java value was not given as source text.",
    "type_error:js": "A JavaScript value was not given as source text.",
    "value_error:string": "A text is not among the accepted ones, letter case and signs aside.",
    "value_error:list/tuple": "A list is not among the accepted ones; the order counts.",
    "value_error:list_dict_count": "A list of objects has another length than the accepted ones.",
    "value_error:dict_key": "An object has a key that the accepted ones do not have, or lacks one.",
    "value_error:dict_value": "A value inside an object is not among the accepted ones.",
    "value_error:dict_items": "An object has another number of keys than the accepted ones.",
    "value_error:others": "A number, truth value or name is not among the accepted ones.",
    "dict_checker:unclear": "No accepted object fits, and the rule does not say why.",
    "list_dict_checker:unclear": "No accepted list of objects fits, and the rule does not say why.",
    "relevance_error:decoder_success": "A function was called where none of the offered ones fits.",
    "irrelevance_error:decoder_success": (
        "A function was called where none of the offered ones fits."
    ),
    "relevance_error:decoder_failed": "No call was made where one of the offered functions fits.",
    "executable_decoder:decoder_failed": "No calls that can be run could be read from the answer.",
    "executable_decoder:wrong_output_format": "What was read is no list of calls that can be run.",
    "executable_decoder:rest_wrong_output_format": "What was read is no single request.",
    "simple_exec_checker:wrong_count": "Exactly one call was expected.",
    "value_error:exec_result_count": "More or fewer calls than expected were run.",
    "executable_checker:execution_error": "The call fails when it is run.",
    "executable_checker:wrong_result": "The call gives another result than expected.",
    "executable_checker:wrong_result_type": "The call gives a result of another type.",
    "executable_checker:wrong_result_real_time": (
        "The call gives a number more than 20 % from the expected one."
    ),
    "executable_checker:cannot_find_match": (
        "An expected result is given by none of the calls that were made."
    ),
    "executable_checker:not_recorded": (
        "Nobody recorded what the call returns, so it counts as wrong; actloom's own kind."
    ),
    "executable_checker_rest:execution_error": "The request could not be made.",
    "executable_checker_rest:wrong_status_code": "The service refused the request.",
    "executable_checker_rest:wrong_key": "The response has other keys than the expected one.",
    "executable_checker_rest:wrong_type": "The response has another type than the expected one.",
    "multi_turn:empty_turn_model_response": "A turn that needs calls has none.",
    "multi_turn:force_terminated": "The model took more steps than allowed, or the run was cut.",
    "multi_turn:inference_error": "The model gave no answer; counted as wrong.",
    "multi_turn:instance_state_mismatch": "After a turn the world is in another state.",
    "multi_turn:execution_response_mismatch": (
        "A result that the expected calls of a turn give was never seen."
    ),
    "multi_turn:world_failed": "The simulated world could not be run; actloom's own kind.",
    "agentic:answer_not_found": "The last message holds none of the accepted answers.",
    "agentic:no_last_message": "There is no last message to look for the answer in.",
    "agentic:inference_error": "The model gave no answer; counted as wrong.",
    "checker:crashed": "The published checker crashes on this answer key; counted as wrong.",
    "output:damaged_line": "The line of the outputs cannot be read; actloom's own kind.",
}
"""Error type of BFCL -> what it means."""

KINDS: dict[str, str] = {**FAILURES, **BFCL}
"""Failure kind -> what it means."""
