"""Telling people and programs: alerts about contacts, and about what is amiss.

- ``sinks``: the receivers, as the settings name them; ``webhooks`` and ``chat`` reach them;
- ``rules``: when what is told (pure); ``wording``: what it says (pure); ``harmless``: a stranger's
  text without its tricks (pure);
- ``addresses``: where an alert may be sent; ``guarded``: apprise, held to it;
- ``worker``: sends what is due while the listener runs;
- ``book``: alerts as the vault hands them out: list, retry, test.

Nothing is imported here: the process of ``guarded`` needs next to nothing of the house.
"""
