"""Cassettes: what recorders for tests keep of requests and their answers, in YAML and in JSON.

VCR.py, go-vcr, php-vcr and ExVCR, whatever has `http_interactions` (VCR for Ruby and for R, betamax, Schemathesis),
nock, and the plain form (`Exchange`) as a JSON array instead of lines.
"""

from campaign_fsm.traffic.cassette.reader import read_cassette

__all__ = ["read_cassette"]
