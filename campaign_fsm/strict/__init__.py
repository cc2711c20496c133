"""Readers of JSON and YAML that accept what can be read in exactly one way."""
