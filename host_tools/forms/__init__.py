"""A session for other programs: CSV, EDF+, FHIR, tables of many; and whether a file still is its session."""
