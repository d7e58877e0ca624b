"""A campaign's plan as a TOML file: cohorts that are never pooled, and from what each of their factors is drawn.

Reads and checks only. What a factor may be is in factors.py, how a session comes of it in sampling.py.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from host_tools.campaign import factors
from simulator.files import toml_file
from simulator.files.errors import CalandoError, choice, did_you_mean

FOLDER = Path(__file__).resolve().parent / "plans"
TIERS = ("S", "D")
MOST = 10_000_000  # sessions of one tier: a Sobol' sequence goes further, nobody's patience does


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Drawn(_Part):
    """What a factor is drawn from: `low` to `high` evenly, or around `mean` with `sd` between them, or one of `choice`
    by weight. `newborn` and `adult` may each have their own. `source` says where it is from."""

    low: float | None = None
    high: float | None = None
    mean: float | None = None
    sd: Annotated[float | None, Field(gt=0)] = None
    choice: dict[str, Annotated[float, Field(ge=0)]] | None = None
    newborn: "Drawn | None" = None
    adult: "Drawn | None" = None
    source: Annotated[str | None, Field(min_length=1, max_length=300)] = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [self.low is not None or self.high is not None, self.choice is not None]
        kinds.append(self.newborn is not None or self.adult is not None)
        if sum(kinds) != 1:
            raise _refusal("needs low and high, or choice, or newborn and adult: one of the three")
        if kinds[0] and (self.low is None or self.high is None or self.low > self.high):
            raise _refusal("needs both low and high, low first")
        if (self.mean is None) != (self.sd is None):
            raise _refusal("needs both mean and sd, or neither")
        if self.mean is not None and not (self.low or 0.0) <= self.mean <= (self.high or 0.0):
            raise _refusal("needs its mean between low and high")
        if self.choice is not None and not sum(self.choice.values()):
            raise _refusal("gives no choice a weight above 0")
        return self

    def of(self, population: str) -> "Drawn | None":
        """Return what a population draws from; None leaves it to everything that is allowed."""
        if self.newborn is None and self.adult is None:
            return self
        return self.newborn if population == "newborn" else self.adult


class Sessions(_Part):
    """How many sessions of each tier a run has that names no number."""

    S: Annotated[int, Field(ge=0, le=MOST)] = 0
    D: Annotated[int, Field(ge=0, le=MOST)] = 0


class Cohort(_Part):
    """`[[cohort]]`: one kind of sessions. A factor that is not named is drawn evenly from all that is allowed."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    kind: Literal["representative", "worst_case", "replay"]
    what: Annotated[str, Field(min_length=1, max_length=400)]
    sessions: Sessions
    factors: dict[str, Drawn] = {}

    @model_validator(mode="after")
    def _factors_are_known(self) -> Self:
        for name, drawn in self.factors.items():
            if name not in factors.TABLE:
                raise _refusal(
                    f"there is no factor {name}{did_you_mean(name, list(factors.TABLE))}; "
                    f"the factors are {', '.join(factors.TABLE)}"
                )
            for part in (drawn, drawn.newborn, drawn.adult):
                if part is not None:
                    self._fits(name, part)
            if self.kind == "representative" and not drawn.source:
                raise _refusal(f"factor {name} has no source; say where its distribution is from")
        if self.kind == "replay" and "recording" not in self.factors:
            raise _refusal(
                f"a replay needs the factor recording; choose from {', '.join(factors.TABLE['recording'].words)}"
            )
        return self

    def _fits(self, name: str, drawn: Drawn) -> None:
        factor = factors.TABLE[name]
        if drawn.choice is not None:
            if not factor.words:
                raise _refusal(
                    f"factor {name} is a number from {factor.range_text()}; write low and high, not choice"
                )
            for word in drawn.choice:
                if word not in factor.words:
                    raise _refusal(
                        f'factor {name}: "{word}" is unknown{did_you_mean(word, list(factor.words))}; '
                        f"choose from {', '.join(factor.words)}"
                    )
        elif drawn.low is not None and drawn.high is not None:
            if factor.words:
                raise _refusal(
                    f"factor {name} is a choice of {', '.join(factor.words)}; write choice = {{...}}"
                )
            low, high = factor.widest()
            if drawn.low < low or drawn.high > high:
                raise _refusal(
                    f"factor {name}: {drawn.low:g} to {drawn.high:g} is outside {low:g} to {high:g}; stay within"
                )


class CampaignPlan(_Part):
    """A whole plan. `digest` is of everything but the numbers of sessions: a longer run has the same sessions first."""

    title: Annotated[str, Field(min_length=1, max_length=200)]
    cohort: Annotated[tuple[Cohort, ...], Field(min_length=1, max_length=20)]

    @model_validator(mode="before")
    @classmethod
    def _a_toml_array_is_a_list(cls, values: Any) -> Any:
        if isinstance(values, dict) and isinstance(values.get("cohort"), list):
            values = {**values, "cohort": tuple(values["cohort"])}
        return values

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [cohort.name for cohort in self.cohort]
        for name in names:
            if names.count(name) > 1:
                raise _refusal(f"two cohorts are named {name}; name each differently")
        if not any(cohort.sessions.S + cohort.sessions.D for cohort in self.cohort):
            raise _refusal("no cohort has any sessions; give one of them sessions = { S = 100, D = 4 }")
        return self

    @property
    def digest(self) -> str:
        values = self.model_dump(mode="json", exclude_none=True)
        for cohort in values["cohort"]:
            del cohort["sessions"]
        text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def shares(self, sessions: int | None = None) -> dict[tuple[str, str], int]:
        """Return how many sessions each cohort has in each tier: the plan's own, or `sessions` in all, in its proportions.

        The largest remainders get what is left over by rounding; a tier that the plan gives anything gets one at least,
        where there are enough.
        """
        wanted = {
            (cohort.name, tier): getattr(cohort.sessions, tier) for cohort in self.cohort for tier in TIERS
        }
        if sessions is None:
            return wanted
        whole = sum(wanted.values())
        least = 1 if sessions >= sum(1 for count in wanted.values() if count) else 0
        exact = {key: count * sessions / whole for key, count in wanted.items()}
        given = {key: max(int(exact[key]), least if wanted[key] else 0) for key in wanted}
        order = sorted(wanted, key=lambda key: (given[key] - exact[key], key))
        place = 0
        while sum(given.values()) < sessions:
            given[order[place % len(order)]] += 1 if wanted[order[place % len(order)]] else 0
            place += 1
        while sum(given.values()) > sessions:
            given[max(given, key=lambda key: (given[key], key))] -= 1
        return given


def names() -> list[str]:
    """Return the plans that come with the project."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load(name: str | os.PathLike[str]) -> CampaignPlan:
    """Read and check a plan, given by path or by the name of one that comes with the project.

    Raises CalandoError with one plain sentence.
    """
    text = os.fspath(name)
    path = Path(text)
    if path.name == text and not text.endswith(".toml"):
        if (FOLDER / f"{text}.toml").is_file():
            path = FOLDER / f"{text}.toml"
        elif not path.exists():
            raise CalandoError(
                f'there is no plan named "{text}"{choice(text, names())}; or give the path of a TOML file'
            )
    values, _ = toml_file.read(path, "plan")
    return from_values(values, str(path))


def from_values(values: dict[str, Any], where: str = "the plan") -> CampaignPlan:
    """Return a plan from the values of its file. Raises CalandoError with one plain sentence."""
    try:
        return CampaignPlan.model_validate(values)
    except ValidationError as error:
        raise CalandoError(f"{where}: {_sentence(error)}") from None


def _refusal(sentence: str) -> PydanticCustomError:
    return PydanticCustomError("sentence", "{sentence}", {"sentence": sentence})


def _sentence(error: ValidationError) -> str:
    first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
    place = [str(part + 1) if isinstance(part, int) else str(part) for part in first["loc"]]
    key = " ".join(place) or "the file"
    kind = first["type"]
    if kind == "extra_forbidden":
        return f"{' '.join(place[:-1]) or 'the file'} has no key {place[-1]}; remove it or correct its name"
    if kind == "missing":
        return f"{key} is missing; add it"
    if kind == "sentence":
        return f"{' '.join(place)}: {first['msg']}" if place else str(first["msg"])
    if place == ["cohort"]:
        return "the cohorts are not 1 to 20 tables; write each below a line [[cohort]]"
    if kind in ("string_too_short", "string_too_long"):
        most = first.get("ctx", {}).get("max_length")
        return (
            f"{key} is too long; write at most {most} characters"
            if most
            else f"{key} is empty; write something"
        )
    return f"{key} = {_shown(first.get('input'))} {_wrong(kind, first.get('ctx', {}))}"


def _wrong(kind: str, context: dict[str, Any]) -> str:
    """Return what is wrong with a value, and what to write; the library's own words speak of Python."""
    if kind == "string_pattern_mismatch":
        return "cannot be used: write 1 to 40 small letters, digits and _, a letter first"
    if kind == "literal_error":
        return f"is unknown; choose {context['expected']}".replace("'", '"')
    if kind == "string_type":
        return "is not text; put it in quotes"
    if kind in ("float_type", "finite_number"):
        return "is not a number; write one"
    if kind in ("int_type", "int_from_float"):
        return "is not a whole number; write one"
    if kind in ("dict_type", "model_type"):
        return "is not a table; write its keys in braces: { key = value }"
    limits = {
        "greater_than_equal": "ge at least",
        "less_than_equal": "le at most",
        "greater_than": "gt more than",
    }
    if kind in limits:
        name, _, words = limits[kind].partition(" ")
        return f"is outside its range; write {words} {context[name]:.12g}"
    return "cannot be used; docs/campaign/README.md says what may be there"


def _shown(value: Any) -> str:
    """Return a value as a plan has it, cut where it is long."""
    text = (
        json.dumps(value, ensure_ascii=False, default=str)
        if isinstance(value, str | bool | list | dict)
        else str(value)
    )
    return text if len(text) <= 60 else text[:57] + "..."
