"""The functions that run inside the sandbox: a trial judged, a world played.

Both are functions of their arguments alone: they make fresh modules and instances, so a worker that
was killed can be replaced by any other, and a world is its setup and the calls made so far.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from actloom.envs.bfcl.classes import ClassSet
from actloom.envs.bfcl.loading import fresh_classes
from actloom.envs.bfcl.trial import SHOWN, Judged, Played, Steps, Trial, WorldSetup
from actloom.envs.bfcl.world import MemoryFolder, World, memory_text, public_attributes


def judged(classes: ClassSet, trial: Trial) -> Judged:
    """Plays a model's and the gold calls turn by turn, and compares worlds after each.

    A turn without gold calls is played and not checked. Of the others: the model must have called
    something, the public attributes of every instance must be equal, and every output of the turn's
    gold calls must be among all outputs of the model so far, as often as there.
    """
    setup = trial.setup
    loaded = fresh_classes(classes, setup.classes)
    model = World(loaded, setup, stateless=classes.stateless, player="model_eval")
    gold = World(loaded, setup, stateless=classes.stateless, player="model_ground_truth_eval")
    so_far: Counter[str] = Counter()
    for turn, (steps, expected) in enumerate(zip(trial.model, trial.gold, strict=False)):
        for step in steps:
            so_far.update(model.outputs(step))
        wanted = gold.outputs(expected)
        if expected and (found := _fault(model, gold, steps, so_far, wanted)):
            return msgspec.structs.replace(found, turn=turn)
    return Judged()


def _fault(
    model: World, gold: World, steps: Steps, so_far: Counter[str], wanted: list[str]
) -> Judged | None:
    if is_empty(steps):
        return Judged("multi_turn:empty_turn_model_response", "no call was made")
    if differences := _differences(model, gold):
        message = f"other state: {', '.join(differences)}"
        return Judged(
            "multi_turn:instance_state_mismatch", message[:SHOWN], differences=differences
        )
    if missing := list((Counter(wanted) - so_far).elements()):
        return Judged(
            "multi_turn:execution_response_mismatch",
            f"{len(missing)} of {len(wanted)} expected outputs did not come",
            missing=[text[:SHOWN] for text in missing],
        )
    return None


def is_empty(steps: Sequence[Sequence[str]]) -> bool:
    """Tells whether a turn counts as one without a call: no step, or a single empty one."""
    return not steps or (len(steps) == 1 and len(steps[0]) == 0)


def _differences(model: World, gold: World) -> dict[str, list[str]]:
    """Returns attributes that differ, of the first class that has any."""
    for name, expected in gold.instances.items():
        got = vars(model.instances[name])
        found = {
            f"{name}.{attribute}": [repr(got.get(attribute))[:SHOWN], repr(value)[:SHOWN]]
            for attribute, value in public_attributes(expected).items()
            if attribute not in got or got[attribute] != value
        }
        if found:
            return found
    return {}


def played(classes: ClassSet, setup: WorldSetup, steps: Steps) -> Played:
    """Plays a world from its beginning and returns what it says after the last step."""
    folder = MemoryFolder(setup.memory) if setup.memory else None
    if folder:
        config = {name: folder.config() for name in setup.classes}
        setup = msgspec.structs.replace(setup, initial_config={**setup.initial_config, **config})
    loaded = fresh_classes(classes, setup.classes)
    world = World(loaded, setup, stateless=classes.stateless, player="model")
    outputs: list[str] = []
    for step in steps:
        outputs = world.outputs(step)
    instance = next(iter(world.instances.values()), None)
    if folder is None or instance is None:
        return Played(outputs, world.state())
    # Saved last: saving is no part of the state.
    state, text = world.state(), memory_text(instance)
    return Played(outputs, state, memory=folder.saved(instance), memory_text=text)
