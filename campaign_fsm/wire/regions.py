"""The vendor's two regions (S8 and fact sheet section 1)."""

from __future__ import annotations

from typing import Final

HOST_OF: Final = {"singapore": "api.exotel.com", "mumbai": "api.in.exotel.com"}
DEFAULT: Final = "singapore"
