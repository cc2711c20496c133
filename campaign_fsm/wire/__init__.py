"""What stands on the wire, read and written without I/O and without an HTTP library.

- `target`, `intent`, `suspect`: what a request is about, and what it would do, from its bytes
- `answer`, `envelope`, `reading`, `failure`, `encoding`, `caches`: what an answer shows
- `campaign`, `listing`, `schedule`, `callback`: the resources
- `family`, `hosts`: the HTTP libraries, and the hosts
"""
