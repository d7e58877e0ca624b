"""The files that a session is exported to: which there are, and what they are called."""

from pathlib import Path

from host_tools.forms import csv_form, edf_form, fhir_form
from host_tools.sessions import session_read
from host_tools.sessions.note import SessionNote
from host_tools.sessions.session_file import SessionFile
from host_tools.sessions.told import tell
from simulator.files.errors import CalandoError

CSV, EDF, FHIR = "csv", "edf", "fhir"
FORMS = (CSV, EDF, FHIR)
SUFFIXES = {CSV: ".csv", "json": ".json", EDF: ".edf", FHIR: ".fhir.json"}


def files(
    session: SessionFile,
    forms: tuple[str, ...],
    folder: Path,
    note: SessionNote | None = None,
    patient: str | None = None,
    spo2: bool = False,
    refused: list[str] | None = None,
) -> dict[Path, bytes]:
    """Return the content of each file of a session in these forms (of FORMS), by its place in `folder`. Nothing is written.

    refused: gets a sentence for each form that this session does not fit; the others are made all the same.

    note: the times of its moments go into EDF+. patient, spo2: for FHIR, see fhir_form.fhir_json.
    Raises CalandoError for options of FHIR without it, where a library is missing, and for what a form cannot hold.
    """
    if FHIR not in forms and (patient is not None or spo2):
        raise CalandoError("--patient and --spo2 are for FHIR; add --form fhir, or leave them out")
    told = tell(session.raw)
    stem = session_read.stem(session)
    makers = {
        CSV: lambda: {
            SUFFIXES[CSV]: csv_form.csv_text(session, told).encode(),
            SUFFIXES["json"]: csv_form.sidecar_text(session, told).encode(),
        },
        EDF: lambda: {SUFFIXES[EDF]: edf_form.edf(session, told, note)},
        FHIR: lambda: {SUFFIXES[FHIR]: fhir_form.fhir_json(session, told, patient, spo2).encode()},
    }
    made: dict[Path, bytes] = {}
    for form in forms:
        try:
            made |= {folder / (stem + suffix): content for suffix, content in makers[form]().items()}
        except CalandoError as error:
            if refused is None or len(forms) == 1:
                raise
            refused.append(str(error))
    return made
