"""A slide's record as a page, a PDF, a table, JSON and FHIR."""
