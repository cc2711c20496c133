"""The audit of recorded traffic: exchanges in, findings out.

`run` reads files, and feeds an `auditor` with their exchanges. Each is read (`interpret`) into observations
(`observe`, `observation`), with what was known of its campaign before (`tracker`) and what is known of a write
(`assessment`). The `checks` are asked, what they found is made a finding (`report`), and then what is known is brought
up to date (`update`). Exchanges like one before are not looked at again (`shortcut`).
"""

from campaign_fsm.audit.finding import Finding, Level, Place

__all__ = ["Finding", "Level", "Place"]
