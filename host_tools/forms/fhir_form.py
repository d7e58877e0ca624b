"""A session as a FHIR R4 Bundle: the device, and an Observation for each minute's median of pulse, tempo and level.

Made with the models of fhir.resources for R4B: the library has none for R4, and of what is used here (Bundle, Device,
Observation) the two releases have the same. Codes and invariants are ours to keep; the library looks at neither. The rules
are those of the Personal Health Device guide, http://hl7.org/fhir/uv/phd (STU 1 and 2), for what it has codes for.
"""

import datetime
import json
import re
import uuid
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from host_tools.extras import needed
from host_tools.forms.csv_form import NOTICE, UNCALIBRATED
from host_tools.forms.minutes import Minute, minutes
from host_tools.sessions.session_file import SessionFile
from host_tools.sessions.told import Told, check_length
from simulator.files.errors import CalandoError

if TYPE_CHECKING:
    from types import ModuleType

METHOD = "light, steers music, not for monitoring"
PHD = "http://hl7.org/fhir/uv/phd"
MDC = "urn:iso:std:iso:11073:10101"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
# Ours, as an object identifier made of a random UUID (ITU-T X.667): it stays the same and belongs to nobody else.
OURS = "urn:oid:2.25.328073650936614919401484337125080835330"
DIGEST_SYSTEM = f"{OURS}.1"  # of Bundle.identifier: the SHA-256 of the records
_NAMES = uuid.UUID("c0a5b8de-6d0e-4b66-a7a5-3f1d2c9e8b10")  # of the resources' own ids
_EUI_64 = "urn:oid:1.2.840.10004.1.1.1.0.0.1.0.0.1.2680"
_NO_EUI_64 = "00-00-00-00-00-00-00-00"  # what the guide has for a device without one
_MEASUREMENT_STATUS = "http://hl7.org/fhir/uv/pocd/CodeSystem/measurement-status"
_GATEWAY = "http://hl7.org/fhir/StructureDefinition/observation-gatewayDevice"
_ABSENT_EXTENSION = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

# Key of a minute's median: codings, text, unit, UCUM code, what "no median" means while there are rows.
PULSE, TEMPO, LEVEL, SPO2 = "pulse_rate_bpm", "tempo_bpm", "level_dba", "spo2_percent"
_MEASURED: dict[str, tuple[list[tuple[str, str, str]], str, str, str, str]] = {
    PULSE: (
        [(MDC, "149530", "MDC_PULS_OXIM_PULS_RATE"), (LOINC, "8867-4", "Heart rate")],
        "pulse rate from light, median of a minute", "beats/min", "/min", "unknown",
    ),
    TEMPO: (
        [(OURS, "music-tempo", "Tempo of the music")],
        "tempo of the music's beat, median of a minute", "beats/min", "/min", "not-applicable",
    ),
    LEVEL: (
        [(OURS, "music-level", "Level of the music at the ear, A-weighted, reckoned by the device")],
        "level of the music at the ear, reckoned, median of a minute", "dB(A)", "dB[SPL]", "not-applicable",
    ),
    # No LOINC code: nobody is to take it for the vital sign.
    SPO2: (
        [(MDC, "150456", "MDC_PULS_OXIM_SAT_O2")],
        "SpO2, UNCALIBRATED estimate, median of a minute", "%", "%", "unknown",
    ),
}  # fmt: skip
_OF_A_GUIDE = (PULSE, SPO2)  # the guide wants a code of IEEE 11073, which the music has none of
_SECONDS_KNOWN = "seconds-known"
_RELATIVE_TIME = (MDC, "67985", "MDC_ATTR_TIME_STAMP_REL")


def fhir_json(session: SessionFile, told: Told, patient: str | None = None, spo2: bool = False) -> str:
    """Return the Bundle as JSON, checked by the models. The same session gives the same text.

    patient: a reference that the hospital's own system knows, such as "Patient/123"; without one the device is the subject,
    and nothing says whose session it was. spo2: the uncalibrated estimate of oxygen too, marked as that.
    Raises CalandoError when the library is not installed, and for a reference that is none,
    and for records over more than a day.
    """
    check_length(told, "FHIR")
    models = needed("fhir.resources.R4B.bundle", "record", "FHIR")
    return _checked(models, bundle(session, told, patient, spo2))


def _checked(models: "ModuleType", values: dict[str, Any]) -> str:
    made = models.Bundle.model_validate(values)
    return (
        json.dumps(json.loads(made.model_dump_json(exclude_none=True)), indent=1, ensure_ascii=False) + "\n"
    )


def bundle(
    session: SessionFile, told: Told, patient: str | None = None, spo2: bool = False
) -> dict[str, Any]:
    """Return the Bundle as plain values, not yet looked at by the models."""
    device, gateway = _urn(session, "device"), _urn(session, "gateway")
    subject = {"reference": device} if patient is None else {"reference": _reference(patient)}
    keys = (PULSE, TEMPO, LEVEL, SPO2) if spo2 else (PULSE, TEMPO, LEVEL)
    entries = [
        {"fullUrl": device, "resource": _device(session)},
        {"fullUrl": gateway, "resource": _gateway(session)},
    ]
    for minute in minutes(told):
        for key in keys:
            urn = _urn(session, f"{key}.{minute.number}")
            entries.append(
                {"fullUrl": urn, "resource": _observation(session, minute, key, subject, device, gateway)}
            )
    return {
        "resourceType": "Bundle",
        "id": _id(session, "bundle"),
        "identifier": {"system": DIGEST_SYSTEM, "value": session.sha256},
        "type": "collection",
        "timestamp": session.read_at.isoformat(timespec="seconds"),
        "entry": entries,
    }


def _observation(
    session: SessionFile, minute: Minute, key: str, subject: dict[str, str], device: str, gateway: str
) -> dict[str, Any]:
    codings, text, unit, ucum, nothing = _MEASURED[key]
    value = minute.medians[key]
    seen: dict[str, Any] = {
        "resourceType": "Observation",
        "id": _id(session, f"{key}.{minute.number}"),
        "meta": {"profile": [f"{PHD}/StructureDefinition/PhdNumericObservation"]} if key in _OF_A_GUIDE else {},
        "extension": [{"url": _GATEWAY, "valueReference": {"reference": gateway}}],
        "identifier": [{"value": f"calando-{session.unit}-{session.age}-{session.sha256[:16]}-{key}-{minute.number}"}],
        "status": "final",
        "category": [
            {"coding": [{"system": f"{PHD}/CodeSystem/PhdObservationCategories", "code": "phd-observation"}]}
        ],
        "code": _concept(codings, text),
        "subject": subject,
        **_effective(session, minute),
        "method": {"text": METHOD if key != SPO2 else f"{METHOD}; {UNCALIBRATED}"},
        "device": {"reference": device},
        "component": [
            {
                "code": _concept([_RELATIVE_TIME], "since the session began"),
                "valueQuantity": _quantity(minute.number * 60_000_000, "us", "us"),
            },
            {
                "code": _concept([(OURS, _SECONDS_KNOWN, "Seconds with a reading")], "of this minute"),
                "valueQuantity": _quantity(minute.known[key], "s", "s"),
            },
        ],
    }  # fmt: skip
    if not seen["meta"]:
        del seen["meta"]
    if value is None:
        why = nothing if minute.rows else "unknown"
        seen["dataAbsentReason"] = {"coding": [{"system": ABSENT, "code": why}]}
    else:
        seen["valueQuantity"] = _quantity(value, unit, ucum)
        if key == SPO2:
            seen["interpretation"] = [{"coding": [{"system": _MEASUREMENT_STATUS, "code": "questionable"}]}]
    return seen


def _effective(session: SessionFile, minute: Minute) -> dict[str, Any]:
    """The minute by the clock, or, where nobody knows it, that it is unknown, as the format has it."""
    if session.started is None:
        return {"_effectiveDateTime": {"extension": [{"url": _ABSENT_EXTENSION, "valueCode": "unknown"}]}}
    start = session.started + datetime.timedelta(minutes=minute.number)
    end = start + datetime.timedelta(minutes=1)
    return {
        "effectivePeriod": {
            "start": start.isoformat(timespec="seconds"),
            "end": end.isoformat(timespec="seconds"),
        }
    }


def _device(session: SessionFile) -> dict[str, Any]:
    return {
        "resourceType": "Device",
        "id": _id(session, "device"),
        "meta": {"profile": [f"{PHD}/StructureDefinition/PhdDevice"]},
        "identifier": [_system_id(), {"system": OURS, "value": session.unit}],
        "manufacturer": "Calando, an open design",
        "modelNumber": "Calando",
        "serialNumber": session.unit,
        "type": _concept([(MDC, "65573", "MDC_MOC_VMS_MDS_SIMP")], "plays quiet music by the pulse; no monitor"),
        "specialization": [
            {
                "systemType": _concept([(MDC, "528457", "MDC_DEV_SPEC_PROFILE_GENERIC")], "none of IEEE 11073"),
                "version": "0: speaks no IEEE 11073-20601",
            }
        ],
        "version": [
            {"type": _concept([(MDC, "531976", "MDC_ID_PROD_SPEC_FW")], "firmware"), "value": session.firmware}
        ],
        "property": [_unregulated()],
        "note": [{"text": NOTICE}],
    }  # fmt: skip


def _gateway(session: SessionFile) -> dict[str, Any]:
    """The computer that read the device: the guide wants to know who made the Observations."""
    return {
        "resourceType": "Device",
        "id": _id(session, "gateway"),
        "meta": {"profile": [f"{PHD}/StructureDefinition/PhgDevice"]},
        "identifier": [_system_id()],
        "manufacturer": "Calando, an open design",
        "modelNumber": "calando session export",
        "type": _concept([(MDC, "531981", "MDC_MOC_VMS_MDS_AHD")], "the computer that read the device"),
        "version": [
            {"type": _concept([(MDC, "531975", "MDC_ID_PROD_SPEC_SW")], "calando"), "value": version("calando")}
        ],
        "property": [_unregulated()],
    }  # fmt: skip


def _system_id() -> dict[str, Any]:
    kind = {"system": f"{PHD}/CodeSystem/ContinuaDeviceIdentifiers", "code": "SYSID"}
    return {"type": {"coding": [kind]}, "system": _EUI_64, "value": _NO_EUI_64}


def _unregulated() -> dict[str, Any]:
    return {
        "type": {"coding": [{"system": f"{PHD}/CodeSystem/ASN1ToHL7", "code": "532354.0"}], "text": "regulation-status"},
        "valueCode": [
            {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0136", "code": "Y"}], "text": "not regulated"}
        ],
    }  # fmt: skip


def _concept(codings: list[tuple[str, str, str]], text: str) -> dict[str, Any]:
    return {
        "coding": [{"system": system, "code": code, "display": display} for system, code, display in codings],
        "text": text,
    }


def _quantity(value: float, unit: str, code: str) -> dict[str, Any]:
    return {"value": value, "unit": unit, "system": UCUM, "code": code}


def _reference(text: str) -> str:
    if not re.fullmatch(r"(?:https?://[!-~]{1,120}/)?Patient/[A-Za-z0-9.-]{1,64}", text):
        raise CalandoError(
            f'"{text}" is no reference to a patient; write one that the hospital\'s system knows, such as Patient/123'
        )
    return text


def _id(session: SessionFile, what: str) -> str:
    return str(uuid.uuid5(_NAMES, f"{session.unit}.{session.age}.{session.sha256}.{what}"))


def _urn(session: SessionFile, what: str) -> str:
    return f"urn:uuid:{_id(session, what)}"


def read_fhir(text: str) -> tuple[str, dict[str, list[float | None]], list[datetime.datetime | None]]:
    """Return the session's digest; the medians minute by minute, None for unknown, by their key; when each Observation
    begins.

    Raises CalandoError for anything that is no Bundle of ours.
    """
    by_code = {(codings[0][0], codings[0][1]): key for key, (codings, *_) in _MEASURED.items()}
    found: dict[str, dict[int, float | None]] = {}
    begins: list[datetime.datetime | None] = []
    try:
        read = json.loads(text)
        if read["resourceType"] != "Bundle" or read["identifier"]["system"] != DIGEST_SYSTEM:
            raise ValueError
        digest = read["identifier"]["value"]
        for entry in read["entry"]:
            seen = entry["resource"]
            if seen["resourceType"] != "Observation":
                continue
            key = by_code[seen["code"]["coding"][0]["system"], seen["code"]["coding"][0]["code"]]
            offset = next(
                part["valueQuantity"]["value"]
                for part in seen["component"]
                if part["code"]["coding"][0]["code"] == _RELATIVE_TIME[1]
            )
            start = seen["effectivePeriod"]["start"] if "effectivePeriod" in seen else None
            begins.append(None if start is None else datetime.datetime.fromisoformat(start))
            found.setdefault(key, {})[int(offset) // 60_000_000] = seen.get("valueQuantity", {}).get("value")
    except (
        ValueError, KeyError, TypeError, IndexError, StopIteration, AttributeError, OverflowError, RecursionError,
    ):  # fmt: skip
        raise CalandoError("it is no session's FHIR Bundle as calando writes it") from None
    medians = {key: [by_minute[number] for number in sorted(by_minute)] for key, by_minute in found.items()}
    return digest, medians, begins
