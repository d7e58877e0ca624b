#!/usr/bin/env bash
# fhir.resources 8.3.0 writes 72.10 as 72.1 and a time of .000 s without it: what FHIR calls their precision is lost.
#
# FHIR says that 72.10 and 72.1 are different decimals, since the digits tell how finely a device measured, and that software shall
# keep them. The model holds a Decimal, so nothing looks lost until the resource is written as JSON. A digest or a comparison
# as text of what went out and what came back differs, and a quantity's resolution cannot be told by its digits.
# Seen: an Observation read and written again.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install fhir.resources==8.3.0
"$there/bin/python" > seen << 'END'
from fhir.resources.R4B.observation import Observation

text = """{"resourceType": "Observation", "status": "final", "code": {"text": "pulse"},
  "valueQuantity": {"value": 72.10}, "effectiveDateTime": "2026-10-25T02:30:00.000+01:00"}"""
read = Observation.model_validate_json(text)
print(read.model_dump_json())
END
cat seen
diff - seen << 'END'
{"resourceType":"Observation","status":"final","code":{"text":"pulse"},"effectiveDateTime":"2026-10-25T02:30:00+01:00","valueQuantity":{"value":72.1}}
END
