"""FHIR R4: read by two strangers' models, by the rules of the Personal Health Device guide, equal to the CSV."""

import datetime
import json
import re
from statistics import median

import journal_records as made
import pytest
from fhir.resources.R4B.bundle import Bundle
from fhirclient.models.bundle import Bundle as ClientsBundle
from read_sessions import file_of

from host_tools.forms import csv_form, fhir_form
from host_tools.sessions.told import tell
from simulator.files.errors import CalandoError

STARTED = datetime.datetime(2026, 3, 29, 0, 58, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))
PHD = "http://hl7.org/fhir/uv/phd"


def session(started=STARTED):
    """Six minutes and a half: listening without music, music, a minute without a pulse, one without a record."""
    raw = made.event(10, "phase", "baseline")
    raw += b"".join(made.row(s, "baseline", tempo_bpm=None, level_dba=0.0) for s in range(11, 70))
    raw += b"".join(made.row(s, pulse_bpm=None if s < 130 else 140 + s / 100) for s in range(70, 250))
    raw += b"".join(made.row(s, level_dba=None) for s in range(310, 400))
    return file_of(raw, started=started)


def read_json(file, **more):
    return json.loads(fhir_form.fhir_json(file, tell(file.raw), **more))


def observations(bundle, code=None):
    seen = [
        entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "Observation"
    ]
    return [one for one in seen if code is None or one["code"]["coding"][0]["code"] == code]


def check_guide(bundle):
    """What STU 1 and STU 2 of the guide ask of a device, a gateway and a numeric observation, and R4 of all of them."""
    urls = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    assert len(urls) == len(bundle["entry"])
    for url, resource in urls.items():
        assert url == f"urn:uuid:{resource['id']}"
        assert re.fullmatch(r"[A-Za-z0-9.-]{1,64}", resource["id"])
        profiles = resource.get("meta", {}).get("profile", [])
        if resource["resourceType"] == "Device":
            sysids = [one for one in resource["identifier"] if "type" in one]
            assert len(sysids) == 1
            assert sysids[0]["type"]["coding"] == [
                {"system": f"{PHD}/CodeSystem/ContinuaDeviceIdentifiers", "code": "SYSID"}
            ]
            assert sysids[0]["system"] == "urn:oid:1.2.840.10004.1.1.1.0.0.1.0.0.1.2680"
            assert re.fullmatch(r"([0-9A-F]{2}-){7}[0-9A-F]{2}", sysids[0]["value"])
            assert resource["manufacturer"] and resource["modelNumber"]
            kinds = [one["code"] for one in resource["type"]["coding"] if one["system"] == fhir_form.MDC]
            assert kinds == (
                ["65573"] if profiles == [f"{PHD}/StructureDefinition/PhdDevice"] else ["531981"]
            )
            for one in resource["version"]:
                assert one["type"]["coding"][0]["system"] == fhir_form.MDC and one["value"]
            assert resource["property"]
            for one in resource["property"]:
                assert (
                    one["valueCode"][0]["coding"][0]["system"]
                    == "http://terminology.hl7.org/CodeSystem/v2-0136"
                )
            if kinds == ["65573"]:
                assert [one["systemType"]["coding"][0]["system"] for one in resource["specialization"]] == [
                    fhir_form.MDC
                ]
                assert resource["specialization"][0]["version"]
            continue
        assert resource["status"] == "final"
        gateways = [one for one in resource["extension"] if one["url"].endswith("/observation-gatewayDevice")]
        assert len(gateways) == 1
        assert urls[gateways[0]["valueReference"]["reference"]]["type"]["coding"][0]["code"] == "531981"
        assert urls[resource["device"]["reference"]]["type"]["coding"][0]["code"] == "65573"
        categories = [coding for one in resource["category"] for coding in one["coding"]]
        assert {
            "system": f"{PHD}/CodeSystem/PhdObservationCategories",
            "code": "phd-observation",
        } in categories
        assert list(resource["identifier"][0]) == [
            "value"
        ]  # the slice for a conditional create has no system
        assert resource["subject"]["reference"]
        assert ("effectivePeriod" in resource) != ("_effectiveDateTime" in resource)
        # R4's obs-6; the guide's numbers are of UCUM
        assert ("valueQuantity" in resource) != ("dataAbsentReason" in resource)
        if "valueQuantity" in resource:
            assert resource["valueQuantity"]["system"] == "http://unitsofmeasure.org"
            assert resource["valueQuantity"]["code"] in ("/min", "dB[SPL]", "%")
        else:
            assert resource["dataAbsentReason"]["coding"][0]["code"] in ("unknown", "not-applicable")
        own = [coding for coding in resource["code"]["coding"] if coding["system"] == fhir_form.MDC]
        assert len(own) == (1 if profiles else 0)
        for part in resource["component"]:
            assert part["valueQuantity"]["system"] == "http://unitsofmeasure.org"
            # obs-7: a component must not be what the observation itself is
            assert part["code"]["coding"][0]["code"] != resource["code"]["coding"][0]["code"]


@pytest.mark.parametrize("more", [{}, {"spo2": True}, {"patient": "Patient/123", "spo2": True}])
@pytest.mark.parametrize("started", [STARTED, None])
def test_it_is_by_the_rules_of_the_guide(started, more):
    check_guide(read_json(session(started), **more))


def test_the_guides_rules_are_looked_at():
    bundle = read_json(session())
    del observations(bundle)[0]["subject"]
    with pytest.raises(KeyError):
        check_guide(bundle)


@pytest.mark.parametrize("started", [STARTED, None])
def test_two_strangers_models_read_it_and_write_the_same(started):
    text = fhir_form.fhir_json(session(started), tell(session().raw), spo2=True)
    assert json.loads(Bundle.model_validate_json(text).model_dump_json()) == json.loads(text)
    theirs = ClientsBundle(json.loads(text), strict=True).as_json()
    wanted = json.loads(text)
    for one in observations(wanted):
        one.pop("_effectiveDateTime", None)  # it reads such an element, and leaves it out when it writes
    for bundle in (theirs, wanted):
        for entry in bundle["entry"]:
            for name in ("effectivePeriod",):
                entry["resource"].pop(name, None)  # the client writes instants in a spelling of its own
    assert theirs == wanted


def test_minutes_are_the_medians_of_the_csv():
    file = session()
    rows = csv_form.read_csv(csv_form.csv_text(file, tell(file.raw)))[1]
    _, medians, _ = fhir_form.read_fhir(fhir_form.fhir_json(file, tell(file.raw), spo2=True))
    assert set(medians) == {"pulse_rate_bpm", "tempo_bpm", "level_dba", "spo2_percent"}
    for key, values in medians.items():
        assert len(values) == 7
        for minute, value in enumerate(values):
            known = [
                row[key]
                for row in rows
                if row["time_s"] // 60 == minute
                and row[key] is not None
                and (key != "level_dba" or row[key] > 0)
            ]
            assert value == (pytest.approx(median(known), abs=0.001) if known else None)


def test_what_is_unknown_is_absent_with_its_reason_and_never_a_number():
    bundle = read_json(session())

    def told(code):
        return [
            one.get("valueQuantity", {}).get(
                "value", one.get("dataAbsentReason", {}).get("coding", [{}])[0].get("code")
            )
            for one in observations(bundle, code)
        ]

    assert told("149530")[1] == told("149530")[4] == "unknown"
    assert told("music-tempo") == ["not-applicable", 75, 75, 75, "unknown", 75, 75]
    assert told("music-level") == [
        "not-applicable",
        48,
        48,
        48,
        "unknown",
        "not-applicable",
        "not-applicable",
    ]


def test_pulse_has_both_codes_and_says_what_it_is_for():
    one = observations(read_json(session()), "149530")[2]
    assert [(coding["system"], coding["code"]) for coding in one["code"]["coding"]] == [
        ("urn:iso:std:iso:11073:10101", "149530"),
        ("http://loinc.org", "8867-4"),
    ]
    assert one["method"]["text"] == "light, steers music, not for monitoring"
    assert one["meta"]["profile"] == [f"{PHD}/StructureDefinition/PhdNumericObservation"]


def test_oxygen_is_there_only_when_asked_for_and_marked():
    assert observations(read_json(session()), "150456") == []
    for one in observations(read_json(session(), spo2=True), "150456"):
        assert "UNCALIBRATED" in one["code"]["text"] and "uncalibrated" in one["method"]["text"]
        assert len(one["code"]["coding"]) == 1  # no code of a vital sign
        assert ("valueQuantity" in one) == ("interpretation" in one)


def test_nobody_is_the_subject_unless_a_reference_is_given():
    bundle = read_json(session())
    assert {one["subject"]["reference"] for one in observations(bundle)} == {bundle["entry"][0]["fullUrl"]}
    given = read_json(session(), patient="https://hospital.example/fhir/Patient/a-1")
    assert {one["subject"]["reference"] for one in observations(given)} == {
        "https://hospital.example/fhir/Patient/a-1"
    }
    for text in ("Anna", "Patient/", "Patient/Anna Müller", "Group/1"):
        with pytest.raises(CalandoError, match="no reference to a patient"):
            read_json(session(), patient=text)


def test_time_is_the_clocks_or_unknown_as_the_format_has_it():
    known = observations(read_json(session()), "149530")
    assert known[1]["effectivePeriod"] == {
        "start": "2026-03-29T00:59:00+01:00",
        "end": "2026-03-29T01:00:00+01:00",
    }
    for one in observations(read_json(session(None))):
        absent = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
        assert one["_effectiveDateTime"] == {"extension": [absent]}


def test_the_same_session_gives_the_same_text_and_a_session_without_rows_only_the_device():
    file = session()
    assert fhir_form.fhir_json(file, tell(file.raw)) == fhir_form.fhir_json(file, tell(file.raw))
    refused = file_of(made.event(900, "press") + made.event(900, "end", 3, "dose"))
    assert [entry["resource"]["resourceType"] for entry in read_json(refused)["entry"]] == [
        "Device",
        "Device",
    ]


def test_without_the_library_it_is_one_sentence_with_the_command(monkeypatch):
    import importlib

    def missing(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(CalandoError, match=r'FHIR needs .* pip install "calando\[record\]"'):
        fhir_form.fhir_json(session(), tell(session().raw))
