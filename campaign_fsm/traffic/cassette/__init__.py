"""Cassettes: what recorders for tests keep of requests and their answers, in YAML and in JSON.

VCR.py, go-vcr, php-vcr, ExVCR, nock, and whatever has `http_interactions`: VCR for Ruby and R, betamax, Schemathesis.
"""

from campaign_fsm.traffic.cassette.reader import read_cassette

__all__ = ["read_cassette"]
