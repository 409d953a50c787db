"""White balance: every estimator on spectral scenes, in degrees of angular error.

    python benchmarks/white_balance.py [--seed N] [--per-light N] [--noise X]

Recovery error: the angle between the neutral found and the camera's true response to white (Hordley and Finlayson
2004). See `spectral_scenes.py` for the scenes; needs the shared data and the extra `calibrate`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from lichtbild.develop.illuminant.estimator import DEFAULT, ESTIMATORS
from lichtbild.develop.illuminant.mixed import lights_of
from spectral_data import lights
from spectral_scenes import Case, angle, cases, filled, mixed


def line(name: str, errors: list[float]) -> str:
    e = np.sort(np.array(errors))
    worst = e[-max(1, len(e) // 4) :].mean()
    return f"  {name:18s} {e.mean():6.2f} {np.median(e):6.2f} {np.quantile(e, 0.95):6.2f} {worst:6.2f}  {len(e):5d}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-light", type=int, default=24)
    parser.add_argument("--noise", type=float, default=1.0)
    parser.add_argument("--only", default="")
    parser.add_argument("--worst", type=int, default=0)
    args = parser.parse_args()
    kinds_of = {n: light.kind for n, light in lights().items()}
    everything = list(cases(args.seed, args.per_light, noise=args.noise))
    header = f"  {'':18s} {'mean':>6s} {'median':>6s} {'p95':>6s} {'worst¼':>6s}  cases"
    scores: dict[str, list[tuple[float, Case]]] = defaultdict(list)
    for name, estimate in ESTIMATORS.items():
        if args.only and args.only not in name:
            continue
        start = time.process_time()
        for case in everything:
            scores[name].append((angle(estimate(case.samples, case.model), case.neutrals[0]), case))
        spent = (time.process_time() - start) / len(everything)
        print(f"{name}: {1e3 * spent:.1f} ms each")
    print("\nAll\n" + header)
    for name, found in scores.items():
        print(line(name, [e for e, _ in found]))
    for group in ("light", "content"):
        keys = sorted({_key(c, group, kinds_of) for _, c in next(iter(scores.values()))})
        for key in keys:
            print(f"\n{key}\n{header}")
            for name, found in scores.items():
                print(line(name, [e for e, c in found if _key(c, group, kinds_of) == key]))
    as_shot(args.seed, everything)
    one_surface(args.seed)
    two_lights(args.seed, everything)
    for name, found in scores.items():
        if args.worst:
            for e, c in sorted(found, key=lambda p: -p[0])[: args.worst]:
                print(f"{name}: {e:.1f} {c.content} {c.light} {c.camera}")


def chosen_by_camera(rng: np.random.Generator, case: Case) -> tuple[np.ndarray, bool]:
    """What a file says: two in three were chosen by the camera, a few degrees off; else it was set to daylight."""
    day = case.model.neutral_from_xy((0.33242, 0.34743))
    if rng.random() < 0.35:
        return day, False
    near = np.log(case.neutrals[0]) * 0.85 + np.log(day) * 0.15 + rng.normal(0, 0.07, 3) * (1, 0, 1)
    return np.exp(near - near.max()), True


def as_shot(seed: int, everything: list[Case]) -> None:
    rng = np.random.default_rng(seed)
    estimate, errors = ESTIMATORS[DEFAULT], defaultdict(list)
    for case in everything:
        neutral, right = chosen_by_camera(rng, case)
        found = angle(estimate(replace(case.samples, as_shot=neutral), case.model), case.neutrals[0])
        errors["the file's own"].append(angle(neutral, case.neutrals[0]))
        errors["heeding it"].append(found)
        errors["heeding, right" if right else "heeding, wrong"].append(found)
    print("\nWhere the file says how it was shot")
    for name, found in errors.items():
        print(line(name, found))


def one_surface(seed: int) -> None:
    """Frames that one surface fills: without and with what the file says."""
    rng = np.random.default_rng(seed)
    estimate, errors = ESTIMATORS[DEFAULT], defaultdict(list)
    for name in ("wall", "skin", "dark skin", "foliage", "wood"):
        for case in filled(seed, name):
            errors[name].append(angle(estimate(case.samples, case.model), case.neutrals[0]))
            heeding = replace(case.samples, as_shot=chosen_by_camera(rng, case)[0])
            errors[f"{name}, heeding"].append(angle(estimate(heeding, case.model), case.neutrals[0]))
    print("\nOne surface and nothing else")
    for name, found in errors.items():
        print(line(name, found))


def two_lights(seed: int, single: list[Case]) -> None:
    """How often two lights are told where there are two, and where there is one; and how well both are known."""
    wrong = [len(lights_of(c.samples, c.model, ESTIMATORS[DEFAULT](c.samples, c.model))) > 1 for c in single[::3]]
    told, errors = [], []
    for c in mixed(seed, 60):
        found = lights_of(c.samples, c.model, ESTIMATORS[DEFAULT](c.samples, c.model))
        told.append(len(found) > 1)
        if told[-1]:
            neutrals = [c.model.neutral_from_xy(light.xy) for light in found]
            ways = ((0, 1), (1, 0))
            errors.append(min(np.mean([angle(neutrals[i], c.neutrals[k]) for k, i in enumerate(w)]) for w in ways))
    print("\nTwo lights")
    print(f"  told where there are two: {100 * np.mean(told):.0f} %, where there is one: {100 * np.mean(wrong):.0f} %")
    print(f"  each light within {np.mean(errors):.1f} degrees (mean), {np.median(errors):.1f} (median)")


def _key(case: Case, group: str, kinds_of: dict[str, str]) -> str:
    return (
        kinds_of[case.light]
        if group == "light"
        else case.content.rstrip("0123456789 ")
        .split(" kodim")[0]
        .split(" street")[0]
        .split(" still")[0]
        .split(" day")[0]
    )


if __name__ == "__main__":
    main()
