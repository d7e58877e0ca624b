#!/usr/bin/env bash
# fhirclient 4.4.0 reads an extension on a simple value and leaves it out when it writes.
#
# FHIR says of an unknown time or number why it is absent in an element beside it, _effectiveDateTime. The client accepts it
# without complaint, and as_json() gives the resource without it: what was "unknown" is then simply not there, and a
# round trip through it turns a stated gap into an omission.
# Seen: an Observation whose time is unknown, its keys before and after.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install fhirclient==4.4.0
"$there/bin/python" > seen << 'END'
from fhirclient.models.observation import Observation

given = {
    "resourceType": "Observation", "status": "final", "code": {"text": "pulse rate"},
    "_effectiveDateTime": {"extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]},
}
print("given", *sorted(given))
print("back", *sorted(Observation(given).as_json()))
END
cat seen
diff - seen << 'END'
given _effectiveDateTime code resourceType status
back code resourceType status
END
